/** Compares the table "Files" of a folder's README with the files of the folder. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./project";

const READMES = readdirSync(path.join(ROOT, "lib"), { recursive: true, encoding: "utf8" })
  .filter((name) => path.basename(name) === "README.md")
  .map((name) => path.join("lib", name))
  .filter((name) => tableOf(name) !== undefined);

function tableOf(readme: string): string | undefined {
  return /^## Files\n([^#]*)/m.exec(readFileSync(path.join(ROOT, readme), "utf8"))?.[1];
}

test("the folders of several files have such a table", () => {
  expect(READMES).toEqual(
    expect.arrayContaining(["admin", "http", "identity", "jobs"].map((name) => `lib/${name}/README.md`)),
  );
});

test.each(READMES)("%s has one line per file", (readme) => {
  const listed = [...(tableOf(readme) ?? "").matchAll(/^\| \[([^\]]+)\]\(\1\) \| [^|]+ \|$/gm)].map(([, file]) => file);
  const files = readdirSync(path.join(ROOT, path.dirname(readme))).filter(
    (name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && name !== "index.ts",
  );
  expect(listed.toSorted()).toEqual(files.toSorted());
});
