/** Runs the commands of the documentation against the sandbox, as a reader does. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { HANDLERS as PADDLE } from "@/lib/processors/paddle/normalize";
import { HANDLERS as STRIPE } from "@/lib/processors/stripe/normalize";
import { appServer, SANDBOX } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { BLOCKS, type Block, PAGES } from "../docs/pages";

const database = testDatabase();
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
  CRON_SECRET: "your-cron-secret-of-24-characters",
}));

/** One folder per page: later blocks use the files of earlier ones. */
const folders = new Map<string, string>();
afterAll(() => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
});

function folderOf(page: string): string {
  const known = folders.get(page);
  if (known) return known;
  const folder = mkdtempSync(path.join(os.tmpdir(), "tollgate-docs-"));
  symlinkSync(path.resolve("lib"), path.join(folder, "lib"));
  // A status of 400 or more fails the block.
  writeFileSync(path.join(folder, ".curlrc"), "fail-with-body\nsilent\nshow-error\n");
  folders.set(page, folder);
  return folder;
}

/** The output of each block. */
const printed = new Map<string, string>();

function run({ page, text }: Block): Promise<{ code: number | null; output: string }> {
  const folder = folderOf(page);
  const commands = text.replaceAll("localhost:3000", new URL(app.url).host);
  const child = spawn("bash", ["--norc", "-euo", "pipefail", "-c", commands], {
    cwd: folder,
    env: { ...process.env, CURL_HOME: folder, HOME: folder },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  return new Promise((resolve) =>
    child.on("exit", (code) => {
      printed.set(text, output);
      resolve({ code, output });
    }),
  );
}

const shell = BLOCKS.filter(({ language }) => /^(sh|bash|shell|console)$/.test(language));
const named = ({ page, text }: Block) => [`${page}: ${text.split("\n")[0]}`] as const;

describe("commands", () => {
  test.each(shell.filter(({ note }) => note === "").map((block) => [...named(block), block] as const))(
    "%s",
    async (_, block) => {
      const { code, output } = await run(block);
      expect(code, output).toBe(0);
    },
  );

  test.each(shell.filter(({ note }) => note !== "").map((block) => [...named(block), block] as const))(
    "%s (absent)",
    (_, { note, text }) => {
      const [, script] = /^run by (\S+)$/.exec(note) ?? [];
      if (script === undefined) expect(note).toMatch(/^needs (an account|Docker|the old database)/);
      else expect(existsSync(script), script).toBe(true);
      const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
      for (const [, name = ""] of text.matchAll(/npm run (?:-s )?([\w:]+)/g))
        expect(scripts, name).toHaveProperty([name]);
    },
  );

  test("exist, and every block is closed", () => {
    expect(shell.filter(({ note }) => note === "").length).toBeGreaterThan(6);
    for (const page of PAGES)
      expect(readFileSync(page, "utf8").match(/^ *```/gm)?.length ?? 0, page).toSatisfy(
        (count: number) => count % 2 === 0,
      );
  });
});

test("the commands of docs/try.md print the output on that page", () => {
  const outputs = [...printed].filter(([text]) =>
    BLOCKS.some((block) => block.page === "docs/try.md" && block.text === text),
  );
  const [, [, streamed] = [], [, settled] = []] = outputs;
  expect(streamed).toMatch(/"type":"text".*"type":"done","usage":\{"allowed":true/s);
  expect(settled).toMatch(/"settled":180,"unsettled":0/);
});

test.each([
  ["docs/stripe.md", STRIPE],
  ["docs/paddle.md", PADDLE],
])("%s lists exactly the handled events", (page, handlers) => {
  const listed = [...readFileSync(page, "utf8").matchAll(/`([a-z_]+\.[a-z_.]+)` ?(?=·|\n)/g)].map(
    ([, name = ""]) => name,
  );
  expect(listed.sort()).toEqual(Object.keys(handlers).sort());
});
