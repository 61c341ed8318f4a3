/** Links and paths in the pages of the repository lead to files that exist, and so do pages that the code names. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { missingHeadings, missingReferences } from "./page-references";
import { ROOT, repositoryFiles } from "./repository-files";

const FILES = repositoryFiles();
const PAGES = FILES.filter((file) => file.endsWith(".md"));

test("the repository has pages", () => expect(PAGES.length).toBeGreaterThan(80));

const read = (page: string) => (PAGES.includes(page) ? readFileSync(path.join(ROOT, page), "utf8") : undefined);

test.each(PAGES)("%s", (page) => {
  const text = read(page) ?? "";
  expect([...missingReferences(page, text, FILES), ...missingHeadings(page, text, read)]).toEqual([]);
});

test("code and its comments name pages that exist", () => {
  const sources = FILES.filter((file) => /^(app|bench|lib|scripts|soak|supabase)\/.*\.(tsx?|mjs|sql)$/.test(file));
  const named = sources.flatMap((file) =>
    [...readFileSync(path.join(ROOT, file), "utf8").matchAll(/\b(docs\/[\w/-]+\.md|[A-Z]{4,}\.md)\b/g)].map(
      ([, page = ""]) => ({ file, page }),
    ),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ page }) => !FILES.includes(page))).toEqual([]);
});

describe("a planted page", () => {
  const found = (text: string, page = "README.md") =>
    missingReferences(page, text, ["lib/core/env.ts", "lib/core/README.md"]);

  test.each([
    "[env](lib/core/env.ts), [core](lib/core), [part](lib/core/env.ts#part), [web](https://example.com)",
    "`lib/core/env.ts`, `lib/core`, `lib/core/*.ts`, `env.ts`, `e*.ts`, `npm run dev`, `request.json()`, `lib/core/…`",
    "[`core/env.ts`](lib/core/env.ts)",
    "```ts\nimport `lib/core/gone.ts`\n```",
  ])("without a missing file has no problem: %s", (text) => expect(found(text)).toEqual([]));

  test.each([
    ["| a key | [env](lib/core/gone.ts) |", "lib/core/gone.ts"],
    ["| a key | `lib/core/gone.ts` |", "lib/core/gone.ts"],
    ["`lib/gone`", "lib/gone"],
    ["`lib/core/gone-*.ts`", "lib/core/gone-*.ts"],
    ["`gone.ts`", "gone.ts"],
    ["`*.test.ts`", "*.test.ts"],
  ])("has a problem for each missing file: %s", (text, missing) => expect(found(text)).toEqual([missing]));

  test("has paths relative to its own folder", () => {
    expect(found("[env](core/env.ts), `core/env.ts`", "lib/README.md")).toEqual([]);
    expect(found("[env](core/env.ts)", "docs/README.md")).toEqual(["core/env.ts"]);
  });

  test("has a problem for each missing heading", () => {
    const pages: Record<string, string> = { "docs/deploy.md": "# Deploy\n\n## The app's role\n" };
    const headings = (text: string) => missingHeadings("docs/try.md", text, (page) => pages[page]);
    expect(headings("[role](deploy.md#the-apps-role), [below](#next)\n\n## Next\n")).toEqual([]);
    expect(headings("[role](deploy.md#gone), [below](#gone)")).toEqual(["deploy.md#gone", "#gone"]);
  });
});
