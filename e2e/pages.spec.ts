/** Every page in every state: its sentences, accessibility, width and a screenshot. */
import { expect, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { enterState, STATE_NAMES, type StateName } from "./support/states";
import { newUserId, signIn } from "./support/users";

/** The sentences of each state. */
const SENTENCES: Record<StateName, (string | RegExp)[]> = {
  new: [
    "You are within every limit.",
    "Chatbots Free",
    "0 of 100 messages used",
    "Writer Free",
    "0 of 500 words used",
    /Resets in \d+:\d\d:\d\d/,
    "No activity yet. Renewals and plan changes will appear here",
  ],
  active: [
    "You are within every limit.",
    "Writer Plus",
    "$19.99 a month",
    "5,100 of 15,000 words used",
    "84 of 600 transformations used",
    "Chatbots Starter",
    "1 of 3 chatbots",
    /Usage reset on \w+ \d+: your subscription started\./,
  ],
  yearly: [/\$399\.90 a year, renews on \w+ \d+/, "9,000 of 35,000 words used", /Resets in \d+ days?/],
  nearLimit: ["Writer is close to its limit: 1,800 words left.", "13,200 of 15,000 words used", "88%"],
  atLimit: ["Writer has no words left for now.", "5,000 of 5,000 words used", "You can go on after the reset."],
  overLimit: [
    "Writer is 7,000 words over its limit.",
    "That is 7,000 words more than Basic allows. You can go on after the reset.",
    "Chatbots is 2 chatbots over its limit.",
    "You have 5 chatbots and Starter allows 3. Nothing is deleted for you: delete 2 to be within Starter.",
    "your usage stays counted.",
  ],
  manyChatbots: ["Chatbots Growth", "5 of 10 chatbots"],
  trial: ["Trial", "You are trying Plus", /Your trial ends on \w+ \d+. From then on it costs \$19\.99 a month\./],
  pastDue: [
    "Your last payment for Writer failed.",
    "Payment failed",
    /You can go on until \w+ \d+; update your card to keep Plus\./,
    "8,000 withheld until your payment goes through",
    /6,400.*left/,
    "Fix payment",
  ],
  graceOver: [
    "Writer Free",
    "We could not charge you, so Writer is on Free for now. Pay the open invoice to get your plan back.",
  ],
  paused: ["Paused", "Your subscription is paused", "Free’s limits apply until you resume it.", "Resume"],
  canceling: [
    "Canceled",
    "Ultra is canceled",
    /You can use Ultra until \w+ \d+. After that you are on Free\./,
    /Ends in \d+ days/,
    "Keep Ultra",
  ],
  ended: ["Writer Free", "Your subscription has ended", "120 of 500 words used", "Subscribe again"],
  twoSubscriptions: ["Writer Ultra", "6,000 of 35,000 words used"],
};

// The screenshots show more than a trace, which would take a third of the time.
test.use({ trace: "off" });

test.beforeEach(async ({ page }, { project }) => {
  if (project.name === "phone") await page.setViewportSize({ width: 390, height: 844 });
});

for (const state of STATE_NAMES) {
  test(`billing, ${state}`, async ({ page }, testInfo) => {
    const problems = consoleProblems(page);
    await page.emulateMedia({ colorScheme: "light" });
    await enterState(page, state);
    await page.goto("/billing");
    await expect(page.getByText(/^Counting since/).first()).toBeVisible();
    for (const sentence of SENTENCES[state]) await expect(page.getByRole("main")).toContainText(sentence);
    await expectNoSidewaysScroll(page);
    await screenshot(page, "light", state, testInfo);
    await expectAccessible(page);
    await screenshot(page, "dark", state, testInfo);
    await expectAccessible(page, ["color-contrast"]);
    expect(problems).toEqual([]);
  });
}

const OTHERS = {
  landing: { path: "/", heading: "May this user do this now?" },
  "sign-in": { path: "/sign-in", heading: "Sign in" },
  chatbots: { path: "/chatbots", heading: "Chatbots" },
  writer: { path: "/writer", heading: "Writer" },
  usage: { path: "/usage", heading: "Usage" },
  pricing: { path: "/pricing", heading: "Plans" },
  invoices: { path: "/billing/invoices", heading: "Invoices" },
  nothing: { path: "/nowhere", heading: "There is nothing here" },
};

const SIGNED_IN = new Set(["chatbots", "writer", "usage", "invoices"]);

for (const [name, { path, heading }] of Object.entries(OTHERS)) {
  test(`${name} page`, async ({ page }, testInfo) => {
    if (SIGNED_IN.has(name)) await signIn(page, newUserId(name));
    const problems = consoleProblems(page);
    await page.emulateMedia({ colorScheme: "light" });
    const response = await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    await expectNoSidewaysScroll(page);
    await screenshot(page, "light", name, testInfo);
    await expectAccessible(page);
    await screenshot(page, "dark", name, testInfo);
    await expectAccessible(page, ["color-contrast"]);
    const missing = path === "/nowhere";
    expect(response?.status()).toBe(missing ? 404 : 200);
    // The browser itself reports the requested 404.
    expect(problems.filter((problem) => !(missing && problem.includes("404")))).toEqual([]);
  });
}

test("every target is at least 44 px high on a phone", async ({ page, isMobile }) => {
  test.skip(!isMobile);
  await signIn(page, newUserId("fingers"));
  await page.request.post("/api/chatbots", { data: { name: "Support" } });
  for (const path of ["/billing", "/usage", "/pricing", "/chatbots", "/writer", "/sign-in", "/"]) {
    await page.goto(path);
    const targets = page.locator("a[href]:not(.sr-only), button, input:not([type=hidden]), select, textarea, summary");
    const small = await targets.evaluateAll((found) =>
      found
        // A link inside a sentence is as high as its line.
        .filter((element) => getComputedStyle(element).display !== "inline")
        .filter((element) => element.getBoundingClientRect().height < 44)
        .map((element) => element.outerHTML),
    );
    expect(small, path).toEqual([]);
    expect(await targets.count(), path).toBeGreaterThan(2);
  }
});
