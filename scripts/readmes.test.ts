/** A folder's README lists its files: none is missing, and none is listed that is gone. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./project";

const ROOTS = ["app", "bench", "lib", "scripts", "soak"];
/** Folders whose files all need a README once there are more than MOST of them. */
const REQUIRED = /^(app|bench|scripts|soak|lib\/(database|messages|ui))(\/|$)/;
const MOST = 8;

const SOURCE = /\.(ts|tsx|mts|mjs)$/;
/** A list may leave out tests and the public entry. */
const OPTIONAL = /\.test\.tsx?$|^index\.ts$/;

function foldersIn(folder: string): string[] {
  const children = readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  return [
    folder,
    ...children.filter((child) => child.isDirectory()).flatMap(({ name }) => foldersIn(`${folder}/${name}`)),
  ];
}

function sourcesOf(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder)).filter((name) => SOURCE.test(name));
}

/** The files in the table of a README; null without a README or a table. */
function listed(folder: string): string[] | null {
  const file = path.join(ROOT, folder, "README.md");
  if (!existsSync(file)) return null;
  const rows = [...readFileSync(file, "utf8").matchAll(/^\| \[([^\]]+)\]\(\1\) \| \S/gm)];
  return rows.length === 0 ? null : rows.map(([, name = ""]) => name);
}

const folders = ROOTS.flatMap(foldersIn);

describe("a README", () => {
  test.each(folders.filter((folder) => listed(folder) !== null))("lists the files of %s", (folder) => {
    const files = sourcesOf(folder);
    const names = listed(folder) ?? [];
    expect(names.filter((name) => !files.includes(name))).toEqual([]);
    expect(files.filter((name) => !OPTIONAL.test(name) && !names.includes(name))).toEqual([]);
  });

  test.each(folders.filter((folder) => REQUIRED.test(folder) && sourcesOf(folder).length > MOST))(
    "with a table of files is in %s",
    (folder) => {
      expect(listed(folder)).not.toBeNull();
    },
  );
});
