/** The check of imports finds planted problems beside the real files, and no others. */
import { beforeAll, describe, expect, test } from "vitest";
import { checkedSources } from "./checked-sources";
import { type CheckedSources, importProblems } from "./import-checker";
import { IMPORT_RULES } from "./import-rules";

let real: Omit<CheckedSources, "rules">;
beforeAll(() => {
  real = checkedSources();
});

/** The problems of the real files with these changes. */
function problemsWith(planted: Record<string, string>): string[] {
  const sources = new Map([...real.sources, ...Object.entries(planted)]);
  return importProblems({ sources, exists: (file) => sources.has(file) || real.exists(file), rules: IMPORT_RULES });
}

/** An import added at the end of a file that exists. */
function appended(file: string, statement: string): Record<string, string> {
  const text = real.sources.get(file);
  if (text === undefined) throw new Error(`There is no ${file}.`);
  return { [file]: `${text}\n${statement}\n` };
}

test("the real files have no problem", () => {
  expect(real.sources.size).toBeGreaterThan(400);
  expect(problemsWith({})).toEqual([]);
});

describe("the check finds a cycle", () => {
  test("of two new files", () => {
    const found = problemsWith({
      "lib/core/one.ts": 'import { two } from "./two";\nexport const one = two;',
      "lib/core/two.ts": 'import { one } from "@/lib/core/one";\nexport const two = one;',
    });
    expect(found).toEqual([
      "lib/core/one.ts → lib/core/two.ts → lib/core/one.ts\n  no-cycles: these files import each other",
    ]);
  });

  test("of types only, over three files", () => {
    const found = problemsWith({
      "lib/core/one.ts": 'export type { Two } from "./two";',
      "lib/core/two.ts": 'import type { Three } from "./three";\nexport type Two = Three;',
      "lib/core/three.ts": 'import type { Two } from "./one";\nexport type Three = Two;',
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("no-cycles");
  });
});

describe("the check refuses an import of the sandbox", () => {
  test.each(["lib/usage/gate.ts", "lib/webhooks/receive.ts", "lib/ui/request-locale.ts"])("from %s", (file) => {
    const found = problemsWith(appended(file, 'import { createSandbox } from "@/lib/sandbox";'));
    expect(found.map((problem) => problem.split("\n")[0])).toContain(`${file} → lib/sandbox/index.ts`);
    expect(found.join()).toContain("no-event-builders");
  });

  test("by a call of import()", () => {
    const found = problemsWith(appended("lib/usage/gate.ts", 'export const load = () => import("@/lib/sandbox");'));
    expect(found.join()).toContain("no-event-builders");
  });

  test("except in tests", () => {
    expect(problemsWith({ "lib/webhooks/planted.test.ts": 'import "@/lib/sandbox";' })).toEqual([]);
  });
});

describe("the check refuses", () => {
  test("an import of the database in the fold, also through another file", () => {
    const found = problemsWith({
      "lib/config/planted.ts": 'import pg from "pg";\nexport const pool = new pg.Pool();',
      "lib/billing/planted.ts": 'import { pool } from "@/lib/config/planted";\nexport const query = pool.query;',
    });
    expect(found.map((problem) => problem.split("\n")[0])).toEqual([
      "lib/config/planted.ts → pg",
      "lib/billing/planted.ts → lib/config/planted.ts → pg",
    ]);
  });

  test("an import of a later layer's type", () => {
    const found = problemsWith(appended("lib/core/slots.ts", 'export type { Fact } from "@/lib/billing/types";'));
    expect(found.join()).toContain("layer-core");
  });
});

test("the check refuses an import of the process's catalog in a client component, not in a server component", () => {
  const text = 'import { productIds } from "@/lib/config/current-catalog";\nexport const Planted = () => productIds();';
  expect(problemsWith({ "lib/ui/planted.tsx": `"use client";\n${text}` }).join()).toContain(
    "browser-without-current-catalog",
  );
  expect(problemsWith({ "lib/ui/planted.tsx": text })).toEqual([]);
});

test("the check refuses SQL outside lib/database", () => {
  const sql = 'export const text = "delete from usage_ledger";';
  expect(problemsWith({ "lib/usage/planted.ts": sql })).toEqual([
    "lib/usage/planted.ts:1\n  sql: SQL belongs in lib/database and supabase only",
  ]);
  expect(problemsWith({ "lib/database/planted.ts": sql })).toEqual([]);
});
