/** The page of Paddle's payment links, with a fake Paddle.js that records its calls. */
import { expect, type Page, test } from "@playwright/test";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll, screenshot } from "./support/page-checks";
import { newUserId, signIn } from "./support/users";

const TRANSACTION = "txn_01hv8wptq8987qeep44cyrewp9";
const CHECKOUT = "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11";
const PAGE = `/checkout/paddle?checkout=${CHECKOUT}&_ptxn=${TRANSACTION}`;
/** A link in one of Paddle's e-mails: the default payment link with the transaction. */
const LINK = `/checkout/paddle?_ptxn=${TRANSACTION}`;

/** Like Paddle.js, its `Initialize` opens the transaction in the address. */
const FAKE_PADDLE_JS = `
  const calls = (window.paddleCalls = []);
  let send = () => {};
  const open = (options) => {
    calls.push(["open", options]);
    window.paddleEvent = (name) => send({ name });
    send({ name: "checkout.loaded" });
  };
  window.Paddle = window.PaddleBillingV1 = {
    Environment: { set: (environment) => calls.push(["environment", environment]) },
    Initialize({ eventCallback, ...options }) {
      calls.push(["initialize", options]);
      send = eventCallback;
      const transactionId = new URL(location.href).searchParams.get("_ptxn");
      if (transactionId) open({ transactionId });
    },
    Checkout: { open },
  };
`;

interface PaddleWindow {
  paddleCalls: [name: string, argument: unknown][];
  paddleEvent: (name: string) => void;
}

async function serveFakePaddle(page: Page, answer = FAKE_PADDLE_JS): Promise<void> {
  await page.route("https://**", (route) => route.abort());
  await page.route("https://cdn.paddle.com/paddle/v2/paddle.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: answer }),
  );
}

/** The page's message about the checkout; the page's frame has another live region. */
const statusMessage = (page: Page) => page.getByRole("main").getByRole("status");
const calls = (page: Page) => page.evaluate(() => (window as unknown as PaddleWindow).paddleCalls);
const send = (page: Page, name: string) =>
  page.evaluate((event) => (window as unknown as PaddleWindow).paddleEvent(event), name);

test.describe("a buyer", () => {
  test.beforeEach(async ({ page }) => {
    await serveFakePaddle(page);
    await signIn(page, newUserId("checkout"));
    await page.goto(PAGE);
    await expect(statusMessage(page)).toContainText("The checkout is open");
  });

  test("gets one checkout of the transaction, in the environment of the token", async ({ page, colorScheme }) => {
    const theme = colorScheme === "dark" ? "dark" : "light";
    expect(await calls(page)).toEqual([
      ["environment", "sandbox"],
      ["initialize", { token: "test_0123456789abcdef0123456789a" }],
      ["open", { transactionId: TRANSACTION, settings: { displayMode: "overlay", theme } }],
    ]);
    // A reload opens it again.
    expect(page.url()).toContain(PAGE);
  });

  test("goes to the billing page of this checkout after paying", async ({ page }) => {
    await send(page, "checkout.completed");
    await page.waitForURL(`**/billing?checkout=${CHECKOUT}`);
  });

  test("goes to the plans after closing it", async ({ page }) => {
    await send(page, "checkout.closed");
    await page.waitForURL("**/pricing");
  });

  test("goes to the billing page after paying and closing the receipt", async ({ page }) => {
    await page.evaluate(() => {
      const { paddleEvent } = window as unknown as PaddleWindow;
      paddleEvent("checkout.completed");
      paddleEvent("checkout.closed");
    });
    await page.waitForURL(`**/billing?checkout=${CHECKOUT}`);
  });
});

test("a user who changes the card returns to the billing page, paid or closed", async ({ page }) => {
  await serveFakePaddle(page);
  await signIn(page, newUserId("card"));
  for (const event of ["checkout.completed", "checkout.closed"]) {
    await page.goto(LINK);
    await expect(statusMessage(page)).toContainText("The checkout is open");
    await send(page, event);
    await page.waitForURL("**/billing");
  }
});

test("a visitor who follows a link in an e-mail can pay without an account, and gets a confirmation", async ({
  page,
}) => {
  await serveFakePaddle(page);
  await page.goto(LINK);
  await expect(statusMessage(page)).toContainText("The checkout is open");
  await send(page, "checkout.completed");
  await expect(statusMessage(page)).toContainText("Thank you, your payment was received");
  expect(page.url()).toContain(LINK);
  await page.goto(LINK);
  await expect(statusMessage(page)).toContainText("The checkout is open");
  await send(page, "checkout.closed");
  await page.waitForURL("**/pricing");
});

test("a signed-in user who follows another user's link must confirm before the checkout opens", async ({ page }) => {
  await serveFakePaddle(page);
  const buyer = newUserId("buyer");
  await signIn(page, buyer);
  const bought = { product: "writer", plan: "plus", processor: "paddle" };
  const { url } = await (await page.request.post("/api/checkout", { data: bought })).json();
  const transaction = new URL(url).pathname.split("/").at(-1);
  await signIn(page, newUserId("payer"));
  await page.goto(`/checkout/paddle?checkout=${CHECKOUT}&_ptxn=${transaction}`);
  await expect(page.getByText("This payment is for another account")).toBeVisible();
  expect(await page.content()).not.toContain(buyer);
  expect(await page.evaluate(() => "paddleCalls" in window)).toBe(false);
  await page.getByRole("button", { name: "Pay for the other account" }).click();
  await expect(statusMessage(page)).toContainText("The checkout is open");
  await send(page, "checkout.completed");
  await expect(statusMessage(page)).toContainText("Thank you, your payment was received");

  await signIn(page, buyer);
  await page.goto(`/checkout/paddle?checkout=${CHECKOUT}&_ptxn=${transaction}`);
  await expect(statusMessage(page)).toContainText("The checkout is open");
});

test("if Paddle.js does not load, the page reports it and offers another try", async ({ page }) => {
  await page.route("https://**", (route) => route.abort());
  await page.goto(PAGE);
  await expect(statusMessage(page)).toContainText("The checkout could not be opened");
  await serveFakePaddle(page);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(statusMessage(page)).toContainText("The checkout is open");
  await send(page, "checkout.error");
  await expect(statusMessage(page)).toContainText("The checkout could not be opened");
});

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("the page reports that a payment needs script, and links back", async ({ page }) => {
    await page.goto(PAGE);
    await expect(page.getByText("its checkout needs JavaScript")).toBeVisible();
    await expect(page.getByRole("link", { name: "Cancel" })).toHaveAttribute("href", "/pricing");
  });
});

test("every state is accessible, does not scroll sideways, and violates no security policy", async ({ page }, info) => {
  const problems = consoleProblems(page);
  const check = async (name: string) => {
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    for (const scheme of ["light", "dark"] as const) await screenshot(page, scheme, `paddle-checkout-${name}`, info);
  };
  await serveFakePaddle(page);
  await page.goto(LINK);
  await expect(statusMessage(page)).toContainText("The checkout is open");
  await check("open");
  await send(page, "checkout.completed");
  await expect(statusMessage(page)).toContainText("Thank you");
  await check("paid");
  for (const query of ["", "?_ptxn=txn_short", `?_ptxn=${TRANSACTION}&_ptxn=${TRANSACTION}`]) {
    await page.goto(`/checkout/paddle${query}`);
    await expect(page.getByText("This payment link is not valid")).toBeVisible();
  }
  await check("nothing");
  expect(problems).toEqual([]);
});
