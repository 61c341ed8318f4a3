/** Checks that apply to every page. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, type TestInfo } from "@playwright/test";

/** Collects the page's errors and warnings from now on, including React's hydration mismatches. */
export function consoleProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // The message about a resource that failed to load contains no address.
    problems.push([message.text(), message.location().url].filter(Boolean).join(" at "));
  });
  return problems;
}

/** axe finds no violation, including its best practices; `rules` limits the check. */
export async function expectAccessible(page: Page, rules?: string[]): Promise<void> {
  // This mode skips frames, which our pages do not have, and takes half the time.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  // A menu's focus guards move the focus on immediately, which axe cannot see.
  axe.exclude("[data-base-ui-focus-guard]");
  const { violations, passes } = await (rules ? axe.withRules(rules) : axe).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("  ")}`);
  expect(found, new URL(page.url()).pathname).toEqual([]);
  expect(passes.length).toBeGreaterThan(0);
}

/** The page has no sideways scroll at its current width. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { content, viewport } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    viewport: document.documentElement.clientWidth,
  }));
  expect(content, `${new URL(page.url()).pathname} at ${viewport} px`).toBeLessThanOrEqual(viewport);
}

/** Stores a screenshot in one colour scheme, in e2e/screenshots and in the report. */
export async function screenshot(
  page: Page,
  scheme: "light" | "dark",
  name: string,
  testInfo: TestInfo,
): Promise<void> {
  const width = page.viewportSize()?.width;
  const path = `e2e/screenshots/${name}-${width}-${scheme}.png`;
  await page.emulateMedia({ colorScheme: scheme });
  await page.screenshot({ path, fullPage: true, scale: "css", animations: "disabled" });
  await testInfo.attach(`${name} ${scheme}`, { path, contentType: "image/png" });
}
