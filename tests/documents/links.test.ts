/** Links between the pages of the repository lead to files that exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..", "..");
const PAGES = globSync(["*.md", "{docs,lib,ops,scripts,soak,app,bench}/**/*.md"], { cwd: ROOT });

test.each(PAGES)("%s", (page) => {
  const links = [...readFileSync(path.join(ROOT, page), "utf8").matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)];
  const missing = links
    .map(([, link = ""]) => link)
    .filter((link) => !existsSync(path.join(ROOT, path.dirname(page), link)));
  expect(missing).toEqual([]);
});

test("there are pages with links", () => expect(PAGES.length).toBeGreaterThan(30));
