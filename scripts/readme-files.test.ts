/** Compares the table "Files" of a folder's README with the files of the folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./project";

/** Folders with more files than this need a README, if they are below one of COVERED. */
const MOST = 8;
const COVERED = /^(bench|scripts|soak|lib\/[^/]+)(\/|$)/;

const FOLDERS = ["app", "bench", "lib", "scripts", "soak"].flatMap(withFoldersBelow);

function withFoldersBelow(folder: string): string[] {
  const below = readdirSync(path.join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap(({ name }) => withFoldersBelow(`${folder}/${name}`))];
}

function sourcesIn(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder)).filter((name) => /\.(tsx?|mts|mjs)$/.test(name));
}

function tableOf(folder: string): string | undefined {
  const readme = path.join(ROOT, folder, "README.md");
  return existsSync(readme) ? /^## Files\n([^#]*)/m.exec(readFileSync(readme, "utf8"))?.[1] : undefined;
}

test.each(FOLDERS.filter((folder) => COVERED.test(folder) && sourcesIn(folder).length > MOST))(
  "the README of %s has such a table",
  (folder) => {
    expect(tableOf(folder)).toBeDefined();
  },
);

test.each(FOLDERS.filter((folder) => tableOf(folder) !== undefined))("%s has one line per file", (folder) => {
  const rows = (tableOf(folder) ?? "").matchAll(/^\| \[([^\]]+)\]\(\1\) \| [^|]+ \|$/gm);
  const listed = [...rows].map(([, file]) => file);
  const files = sourcesIn(folder).filter((name) => !/\.test\.tsx?$/.test(name) && name !== "index.ts");
  expect(listed.toSorted()).toEqual(files.toSorted());
});
