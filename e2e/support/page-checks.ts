/** What must hold of every page, whatever it shows. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, type TestInfo } from "@playwright/test";

/** Collects what the page complains about from here on; React's hydration mismatches are among it. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // A resource that failed to load is named by its address only.
    complaints.push([message.text(), message.location().url].filter(Boolean).join(" at "));
  });
  return complaints;
}

/** axe finds nothing, its best practices included; `rules` narrows the search. */
export async function expectAccessible(page: Page, rules?: string[]): Promise<void> {
  // Our pages have no frames, and without them this mode finds the same in half the time.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  // Focus never rests on them: a menu's guards hand it on at once, which axe cannot see.
  axe.exclude("[data-base-ui-focus-guard]");
  const { violations, passes } = await (rules ? axe.withRules(rules) : axe).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("  ")}`);
  expect(found, new URL(page.url()).pathname).toEqual([]);
  expect(passes.length).toBeGreaterThan(0);
}

/** Nothing stands out to the side at the width the page has. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { content, room } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
  }));
  expect(content, `${new URL(page.url()).pathname} at ${room} px`).toBeLessThanOrEqual(room);
}

/** Looks at the page in one colour scheme and keeps the picture, in e2e/screenshots and with the report. */
export async function shoot(page: Page, scheme: "light" | "dark", name: string, testInfo: TestInfo): Promise<void> {
  const width = page.viewportSize()?.width;
  const path = `e2e/screenshots/${name}-${width}-${scheme}.png`;
  await page.emulateMedia({ colorScheme: scheme });
  await page.screenshot({ path, fullPage: true, scale: "css", animations: "disabled" });
  await testInfo.attach(`${name} ${scheme}`, { path, contentType: "image/png" });
}
