/** Finds a Chromium for the browser tests, or fetches one. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

/** Chromium's arguments: it must work in a container, as root, and open no connections of its own. */
export const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-gpu",
];

const SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/**
 * The path of a Chromium that starts: CHROMIUM_PATH, Playwright's own, the system's, the one inside npm, and for root
 * on Debian a fresh install. If there is none, throws an error that names the remedy.
 */
export async function findChromium(): Promise<string> {
  const configured = process.env.CHROMIUM_PATH;
  if (configured) {
    if (starts(configured)) return configured;
    throw new Error(`CHROMIUM_PATH is ${configured}, which does not start.`);
  }
  const found = [chromium.executablePath(), ...SYSTEM].find(starts) ?? (await fromNpm()) ?? fromDebian();
  if (found) return found;
  throw new Error("No Chromium: install Chrome or Chromium, or set CHROMIUM_PATH to one.");
}

function starts(file: string): boolean {
  if (!existsSync(file)) return false;
  // `--version` opens a window on Windows.
  return process.platform === "win32" || spawnSync(file, ["--version"], { timeout: 30_000 }).status === 0;
}

/** Packed inside an npm package and unpacked to the temporary directory; Linux only. */
async function fromNpm(): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const { default: packed } = await import("@sparticuz/chromium");
    const file = await packed.executablePath();
    return starts(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function fromDebian(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  console.log("Installing chromium with apt-get …");
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  try {
    execFileSync("apt-get", ["update", "-q"], options);
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options);
  } catch {
    return undefined;
  }
  return starts("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined;
}
