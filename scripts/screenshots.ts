/** Takes the documentation's screenshots of the current pages: `npm run screenshots`. */
import "./preflight";
import "./provide-catalog";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium, type Page } from "@playwright/test";
import { freePort } from "@/lib/local/free-port";
import { CHROMIUM_ARGUMENTS, findChromium } from "@/tests/support/chromium";
import { startPreview } from "@/tests/support/preview";
import { ROOT } from "./project";

const FOLDER = path.join(ROOT, "docs", "screenshots");

interface Picture {
  name: string;
  scheme: "light" | "dark";
  path: string;
  /** Brings the page to the state of the screenshot. */
  before?: (page: Page) => Promise<void>;
}

const PICTURES: Picture[] = [
  { name: "billing-light", scheme: "light", path: "/billing" },
  { name: "usage-dark", scheme: "dark", path: "/usage" },
  { name: "pricing-light", scheme: "light", path: "/pricing" },
  { name: "chatbots-dark", scheme: "dark", path: "/chatbots", before: talk },
  { name: "writer-light", scheme: "light", path: "/writer", before: rewrite },
];

async function talk(page: Page): Promise<void> {
  const field = page.getByLabel(/^Message to /).first();
  for (const text of ["Hello", "What is 12 * 7?"]) {
    await field.fill(text);
    await page.getByRole("button", { name: "Send" }).first().click();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
  }
  await page.getByText("is 84.").waitFor();
}

async function rewrite(page: Page): Promise<void> {
  const text =
    "We utilize our tools in order to write well. We commence prior to noon, and we facilitate what we can. ";
  await page.getByLabel("Your text").fill(text.repeat(6));
  await page.getByRole("button", { name: "Rewrite" }).click();
  await page.getByRole("button", { name: "Copy" }).waitFor();
}

const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-screenshots-"));
const port = String(await freePort());
const preview = await startPreview({ port, directory });
try {
  const browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_ARGUMENTS });
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, scheme, path: pathname, before } of PICTURES) {
    const context = await browser.newContext({
      baseURL: `http://localhost:${port}`,
      colorScheme: scheme,
      viewport: { width: 1200, height: 800 },
      locale: "en-US",
      timezoneId: "UTC",
    });
    const page = await context.newPage();
    await page.request.post("/api/auth/local", { data: { userId: "demo" } });
    await page.goto(pathname, { waitUntil: "networkidle" });
    await before?.(page);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: "disabled" });
    await context.close();
    console.log(`docs/screenshots/${name}.png`);
  }
  await browser.close();
} finally {
  await preview.stop();
  rmSync(directory, { recursive: true, force: true });
}
