/** Use by keyboard alone, and reduced motion. */
import { expect, type Page, test } from "@playwright/test";
import { newUserId, signIn } from "./support/users";

/** Tabs through the page and returns the names of the focused elements. Fails if a focus is not visible. */
async function tabAround(page: Page): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      if (element === null || element === document.body || element.dataset.reached !== undefined) return null;
      element.dataset.reached = "";
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      return {
        name: (element.getAttribute("aria-label") ?? element.innerText).trim() || element.outerHTML,
        visible: outlineStyle === "solid" && Number.parseFloat(outlineWidth) >= 2 && width > 8 && height > 8,
      };
    });
    if (focused === null) return names;
    expect(focused.visible, `the focus on ${focused.name}`).toBe(true);
    names.push(focused.name);
  }
}

async function notReached(page: Page): Promise<string[]> {
  const selector = ":is(a[href], button, input:not([type=hidden]), select, textarea, summary):not([data-reached])";
  return page.locator(selector).evaluateAll((found) => found.map((element) => element.outerHTML));
}

test.skip(({ isMobile }) => isMobile, "phones have no Tab key");

const PATHS = ["/billing", "/usage", "/pricing", "/chatbots", "/writer", "/sign-in", "/"];

test("the keyboard reaches every control", async ({ page }) => {
  await signIn(page, newUserId("keyboard"));
  await page.request.post("/api/chatbots", { data: { name: "Support" } });
  for (const path of PATHS) {
    await page.goto(path);
    const names = await tabAround(page);
    expect(names[0]).toBe("Skip to the content");
    expect(names.length, path).toBeGreaterThan(3);
    expect(await notReached(page), path).toEqual([]);
  }
});

test("the skip link goes to the content", async ({ page }) => {
  await signIn(page, newUserId("skip"));
  await page.goto("/billing");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeInViewport();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(
    page.getByRole("region", { name: "Chatbots Free" }).getByRole("link", { name: "Upgrade" }),
  ).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByText("Compare Chatbots plans")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("100,000 messages a month")).toBeVisible();
});

test("a user signs in by keyboard", async ({ page }) => {
  await page.goto("/writer");
  await page.waitForLoadState("networkidle");
  const field = page.getByLabel("Or use any ID");
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press("Tab");
    if (await field.evaluate((element) => element === document.activeElement)) break;
  }
  await page.keyboard.type(newUserId("typed"));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/writer");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Writer");
});

test("a refused sign-in shows its reason in place", async ({ page }) => {
  await page.goto("/sign-in");
  await page.waitForLoadState("networkidle");
  await page.getByLabel("Or use any ID").fill("   ");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: /./ })).toBeVisible();
  await expect(page).toHaveURL("/sign-in");
});

test("nothing moves if the user prefers reduced motion", async ({ page }) => {
  await signIn(page, newUserId("still"));
  await page.goto("/billing");
  const moving = () =>
    page.evaluate(
      () =>
        [...document.querySelectorAll("*")].filter((element) =>
          [null, "::before", "::after"].some((part) => {
            const style = getComputedStyle(element, part);
            const times = `${style.transitionDuration}, ${style.animationDuration}`.split(", ");
            return times.some((time) => Number.parseFloat(time) > 0);
          }),
        ).length,
    );
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving()).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await moving()).toBe(0);
});
