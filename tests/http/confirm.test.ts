/** The built app with Supabase Auth: the link of an e-mail signs in only by a press on our page. */
import { type Browser, chromium } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consoleProblems, expectAccessible, expectNoSidewaysScroll } from "@/e2e/support/page-checks";
import { type FakeGoTrue, startFakeGoTrue } from "@/tests/fakes/gotrue";
import { appServer, PROCESSOR } from "@/tests/support/app-server";
import { CHROMIUM_ARGUMENTS, findChromium } from "@/tests/support/chromium";
import { testDatabase } from "@/tests/support/database";
import { PUBLISHABLE_KEY } from "@/tests/support/transports";

const database = testDatabase();
let auth: FakeGoTrue;
beforeAll(async () => {
  auth = await startFakeGoTrue();
});
afterAll(() => auth?.stop());

const app = appServer(() => ({
  SUPABASE_URL: auth.url,
  SUPABASE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
  DATABASE_URL: database.appUrl,
  ...PROCESSOR,
}));

const USAGE = "/api/subscription/usage";
const COOKIE = "sb-localhost-auth-token";
const cookieOf = (cookies: string[]) => cookies.map((each) => each.split(";")[0]).join("; ");
const verifications = () => auth.requests.filter((each) => each.includes("/verify")).length;
const linkOf = (hash: string, more: Record<string, string> = {}) =>
  new URLSearchParams({ token_hash: hash, type: "signup", next: "/writer", ...more }).toString();
const post = (body: string, headers: Record<string, string> = { origin: app.url }) =>
  app.send("/api/auth/confirm", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body,
  });

describe("an e-mail's link", () => {
  test("redirects a GET to the page, without a request to Supabase and without a cookie", async () => {
    const link = linkOf(auth.emailedToken(auth.addUser({})), { evil: "1" });
    const before = verifications();
    for (const method of ["GET", "HEAD"]) {
      const answer = await app.send(`/api/auth/confirm?${link}`, { method });
      expect([answer.status, answer.headers.location]).toEqual([303, `/confirm?${link.replace("&evil=1", "")}`]);
      expect(answer.cookies).toEqual([]);
      expect((await app.send(`/confirm?${link}`, { method })).cookies).toEqual([]);
    }
    expect(verifications()).toBe(before);
  });

  test("signs its user in once, by the page's form", async () => {
    const user = auth.addUser({});
    const link = linkOf(auth.emailedToken(user));
    const confirmed = await post(link);
    expect([confirmed.status, confirmed.headers.location]).toEqual([303, "/writer"]);
    const headers = { cookie: cookieOf(confirmed.cookies) };
    expect((await app.send(USAGE, { headers })).json).toMatchObject({ userId: user.id });
    const again = await post(link);
    expect([again.status, again.headers.location]).toEqual([303, "/sign-in?problem=link_expired"]);
    expect(again.cookies.join()).not.toContain(`${COOKIE}=base64`);
  });

  test.each<[string, Record<string, string>]>([
    ["from another site", { origin: "https://evil.example" }],
    ["from a page without an origin", { origin: "null" }],
    ["from another site that hides its origin", { "sec-fetch-site": "cross-site" }],
  ])("that is posted %s is refused, and stays valid", async (_, headers) => {
    const link = linkOf(auth.emailedToken(auth.addUser({})));
    const refused = await post(link, headers);
    expect([refused.status, refused.json]).toEqual([403, expect.objectContaining({ reason: "foreign_origin" })]);
    expect(refused.cookies).toEqual([]);
    expect((await post(link)).headers.location).toBe("/writer");
  });

  test("that is incomplete is expired, and another site as its target is ignored", async () => {
    for (const body of ["", "token_hash=&type=signup", "token_hash=x&type=admin", "token_hash=x", "code="])
      expect((await post(body)).headers.location, body).toBe("/sign-in?problem=link_expired");
    const link = linkOf(auth.emailedToken(auth.addUser({})), { next: "https://evil.example/" });
    expect((await post(link)).headers.location).toBe("/billing");
    const json = await app.send("/api/auth/confirm", {
      method: "POST",
      headers: { origin: app.url },
      body: { code: "x" },
    });
    expect(json.json).toMatchObject({ reason: "not_a_form" });
  });
});

describe("the page of the link, in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGUMENTS });
  });
  afterAll(() => browser?.close());

  test("has a button that works without script and redirects to the target", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${app.url}/confirm?${linkOf(auth.emailedToken(auth.addUser({})), { next: "/pricing" })}`);
    expect(await context.cookies()).toEqual([]);
    await page.getByRole("button", { name: "Confirm and sign in" }).click();
    await page.waitForURL(`${app.url}/pricing`);
    expect((await context.cookies()).map(({ name }) => name)).toEqual([COOKIE]);
    await page.goto(`${app.url}/confirm?${linkOf("used")}`);
    await page.getByText(/^You are signed in as .+@example.com/).waitFor();
    await page.getByRole("button", { name: "Confirm and sign in" }).click();
    await page.waitForURL(`${app.url}/sign-in?problem=link_expired`);
    await context.close();
  });

  test.each([
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 412, height: 839 }],
  ])("is accessible and fits on a %s, in both themes", async (name, viewport) => {
    const context = await browser.newContext({ viewport });
    const page = await context.newPage();
    const problems = consoleProblems(page);
    for (const colorScheme of ["light", "dark"] as const)
      for (const [state, link] of [
        ["sign-up", linkOf("x")],
        ["invitation", linkOf("x", { type: "invite" })],
        ["incomplete", "type=signup"],
      ]) {
        await page.emulateMedia({ colorScheme });
        await page.goto(`${app.url}/confirm?${link}`);
        await expectAccessible(page);
        await expectNoSidewaysScroll(page);
        if (process.env.SCREENSHOTS)
          await page.screenshot({ path: `${process.env.SCREENSHOTS}/confirm-${state}-${name}-${colorScheme}.png` });
      }
    expect(problems).toEqual([]);
    await context.close();
  });
});
