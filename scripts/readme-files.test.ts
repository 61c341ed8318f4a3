/** The table "Files" of a folder's README has one line per file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./project";
import { tableDifferences, tableOf } from "./readme-table";

/** Folders with more files than this, tests aside, need a README if they are below one of COVERED. */
const MOST = 8;
const COVERED = /^(bench|e2e|scripts|soak|lib\/[^/]+|tests|supabase\/schemas)(\/|$)/;

const FOLDERS = ["app", "bench", "e2e", "lib", "scripts", "soak", "supabase/schemas", "tests"].flatMap(
  withFoldersBelow,
);

function withFoldersBelow(folder: string): string[] {
  const below = readdirSync(path.join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap(({ name }) => withFoldersBelow(`${folder}/${name}`))];
}

function sourcesIn(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder)).filter((name) => /\.(tsx?|mts|mjs|sql)$/.test(name));
}

const filesWithLine = (folder: string) => tableDifferences("", sourcesIn(folder));

function tableIn(folder: string): string | undefined {
  const readme = path.join(ROOT, folder, "README.md");
  return existsSync(readme) ? tableOf(readFileSync(readme, "utf8")) : undefined;
}

test.each(FOLDERS.filter((folder) => COVERED.test(folder) && filesWithLine(folder).length > MOST))(
  "the README of %s has a table of its files",
  (folder) => {
    expect(tableIn(folder)).toBeDefined();
  },
);

test.each(FOLDERS.filter((folder) => tableIn(folder) !== undefined))("%s has one line per file", (folder) => {
  expect(tableDifferences(tableIn(folder) ?? "", sourcesIn(folder))).toEqual([]);
});

describe("a planted README", () => {
  const readme = (...files: string[]) =>
    `# Folder\n\n## Files\n\n| file | content |\n| --- | --- |\n${files.map((file) => `| [${file}](${file}) | its content |\n`).join("")}`;
  const differences = (...listed: string[]) =>
    tableDifferences(tableOf(readme(...listed)) ?? "", ["gate.ts", "batch.ts", "gate.test.ts", "index.ts"]);

  test("with a line per file is right", () => expect(differences("gate.ts", "batch.ts")).toEqual([]));
  test("fails with a line without a file", () => {
    expect(differences("gate.ts", "batch.ts", "gone.ts")).toEqual(["gone.ts"]);
  });
  test("fails with a file without a line", () => expect(differences("gate.ts")).toEqual(["batch.ts"]));
  test("fails with a file that has two lines", () => {
    expect(differences("gate.ts", "batch.ts", "gate.ts")).toEqual(["gate.ts"]);
  });
  test("has no table without the heading", () => expect(tableOf("# Folder\n\nText.")).toBeUndefined());
});
