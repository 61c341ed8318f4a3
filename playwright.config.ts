import "./scripts/provide-catalog";
import { createServer } from "node:net";
import { defineConfig, devices } from "@playwright/test";
import { CHROMIUM_ARGUMENTS, findChromium } from "./tests/support/chromium";

// Each worker reads this file again and must get the same values.
process.env.CHROMIUM_PATH ??= await findChromium();
process.env.E2E_PORT ??= String(await freePort());

/** localhost, not 127.0.0.1: cookies and identity providers distinguish them. */
const baseURL = `http://localhost:${process.env.E2E_PORT}`;
const launchOptions = { executablePath: process.env.CHROMIUM_PATH, args: CHROMIUM_ARGUMENTS };

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./tests/support/preview-server.ts",
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  workers: 2,
  // A test that hangs fails after minutes, so that none fails on a busy machine.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: { baseURL, launchOptions, trace: "retain-on-failure" },
  projects: [
    { name: "desktop", use: { ...devices["Desktop Chrome"], viewport: { width: 1280, height: 800 } } },
    { name: "phone", use: { ...devices["Pixel 7"] } },
  ],
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "localhost", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
