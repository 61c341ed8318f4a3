/** The countdown and the dates: the server's time in the browser's zone, independent of the browser's clock. */
import { expect, type Page, test } from "@playwright/test";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { consoleProblems } from "./support/page-checks";
import { newUserId, postStripe, signIn, subscriptionOf } from "./support/users";

const BROWSERS = [
  { zone: "America/Los_Angeles", clockWrongBy: -3 * DAY_MS },
  { zone: "Asia/Kolkata", clockWrongBy: 2 * DAY_MS + 7 * HOUR_MS },
  { zone: "Pacific/Auckland", clockWrongBy: 40 * DAY_MS },
];

interface Seen {
  /** Each text of the first countdown in hours, minutes and seconds, and its time (performance.now()). */
  countdowns: { text: string; at: number }[];
  /** The sum of the layout shifts. */
  shift: number;
}

/** Sets a wrong date, as a wrong clock does. The time since the page's start stays right. */
async function setClockWrong(page: Page, by: number): Promise<void> {
  await page.addInitScript((by) => {
    const RealDate = Date;
    const now = () => RealDate.now() + by;
    globalThis.Date = new Proxy(RealDate, {
      construct: (_, args: unknown[]) => Reflect.construct(RealDate, args.length === 0 ? [now()] : args),
      get: (_, name) => (name === "now" ? now : Reflect.get(RealDate, name)),
    });
  }, by);
}

/** Records countdowns and layout shifts from the start of the document on. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: Seen = { countdowns: [], shift: 0 };
    Object.assign(window, { seen });
    new MutationObserver(() => {
      const texts = [...document.querySelectorAll("main [aria-hidden=true] .tabular-nums")].map((e) => e.textContent);
      const text = texts.find((text) => text.includes(":"));
      if (text && text !== seen.countdowns.at(-1)?.text) seen.countdowns.push({ text, at: performance.now() });
    }).observe(document, { subtree: true, childList: true, characterData: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += (entry as PerformanceEntry & { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
}

function seenBy(page: Page): Promise<Seen> {
  return page.evaluate(() => (window as unknown as { seen: Seen }).seen);
}

function seconds(text: string): number {
  return text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}

for (const { zone, clockWrongBy } of BROWSERS) {
  test.describe(() => {
    test.use({ timezoneId: zone });

    test(`the countdown and dates are right in ${zone} with a clock that is ${Math.round(clockWrongBy / DAY_MS)} days wrong`, async ({
      page,
      isMobile,
    }) => {
      test.skip(isMobile && zone !== "Pacific/Auckland", "one zone is enough on the phone");
      const userId = newUserId("countdown");
      await signIn(page, userId);
      // Half an hour away from a change of the countdown's hours.
      const startsAt = Date.now() - 10 * DAY_MS - HOUR_MS / 2;
      const price = { product: "chatbots", plan: "starter", interval: "monthly" } as const;
      await postStripe(
        page.request,
        fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt }).created(),
      );
      const { resetsAt } = await subscriptionOf(page.request, "writer");
      const reset = Date.parse(resetsAt ?? "");
      const problems = consoleProblems(page);
      await setClockWrong(page, clockWrongBy);
      await watch(page);

      // At the first visit the server does not know the zone; at the second it does.
      for (const visit of ["first", "second"]) {
        const html = ((await (await page.goto("/billing"))?.text()) ?? "").replaceAll("<!-- -->", "");
        const [, sent = ""] = html.match(/Resets in <span[^>]*>(\d+:\d\d:\d\d)</) ?? [];
        const [, sentDays = ""] = html.match(/Resets in <span[^>]*>(\d+ days[^<]*)</) ?? [];
        const writer = page.getByRole("region", { name: "Writer" });
        const time = writer
          .getByText(/^Resets in/)
          .locator("xpath=..")
          .locator("time");
        await expect(time).toHaveText(inZone(reset, zone));
        await expect(time).toHaveAttribute("title", /^\d{4}-\d\d-\d\d 00:00 UTC$/);
        await expect(page.getByRole("region", { name: "Chatbots" })).toContainText(`Resets in ${sentDays}`);
        expect(sentDays).not.toBe("");

        await page.waitForFunction(() => (window as unknown as { seen: Seen }).seen.countdowns.length >= 3);
        const { countdowns, shift } = await seenBy(page);
        expect(countdowns[0]?.text, `${visit} visit`).toBe(sent);
        for (const [index, { text, at }] of countdowns.slice(1).entries()) {
          const before = countdowns[index] as Seen["countdowns"][number];
          const elapsed = seconds(before.text) - seconds(text);
          expect(elapsed, `${before.text} to ${text}`).toBeGreaterThan(0);
          expect(elapsed).toBeLessThanOrEqual(Math.ceil((at - before.at) / 1_000) + 1);
        }
        const shown = async () => seconds(await writer.locator("[aria-hidden=true] .tabular-nums").innerText());
        await expect.poll(async () => Math.abs((await shown()) * 1_000 - (reset - Date.now()))).toBeLessThan(2_500);
        expect(shift, `${visit} visit`).toBeLessThan(0.002);
      }
      expect(problems).toEqual([]);
    });
  });
}

/** The expected text, computed differently from the page: by parts. */
function inZone(instant: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    month: "long",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(instant);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value;
  return `${part("month")} ${part("day")} at ${part("hour")}:${part("minute")}\u202f${part("dayPeriod")}`;
}
