/** The permissions in the docs are those that the methods of the processors' clients need. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Methods that change nothing: the others need write. */
const READS = new Set(["retrieve", "list", "createPreview", "get", "getInvoicePDF", "previewUpdate"]);

interface Permission {
  access: string;
  methods: string[];
  expanded: string[];
}

/** The table of permissions in a page of the docs. */
function documented(page: string): Permission[] {
  const text = readFileSync(path.join(ROOT, "docs", page), "utf8");
  const [, section = ""] = /\n## Permissions of [^\n]*\n([\s\S]*?)\n## /.exec(text) ?? [];
  return section
    .split("\n")
    .filter((line) => /^\| [A-Z]/.test(line))
    .map((line) => {
      const [, , access = "", purpose = ""] = line.split("|").map((cell) => cell.trim());
      const named = [...purpose.matchAll(/(expanded )?`([^`]+)`/g)];
      return {
        access,
        methods: named.flatMap(([, isExpanded, name = ""]) => (isExpanded ? [] : [name])),
        expanded: named.flatMap(([, isExpanded, name = ""]) => (isExpanded ? [name] : [])),
      };
    });
}

/** The SDK methods that a client's files call, and the paths that they expand. */
function calledIn(text: string, sdk: string): { methods: string[]; expanded: string[] } {
  const calls = text.matchAll(new RegExp(`\\b${sdk}((?:\\s*\\.\\s*[a-zA-Z]+)+)\\s*\\(`, "g"));
  const methods = [...calls].map(([, chain = ""]) => chain.replaceAll(/\s/g, "").slice(1));
  const lists = [...text.matchAll(/(?:DISCOUNT_EXPANSIONS = |expand: )\[([^\]]*)\]/g)];
  const expanded = lists.flatMap(([, list = ""]) => [...list.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name));
  return { methods: [...new Set(methods)].sort(), expanded: [...new Set(expanded)].sort() };
}

function clientOf(processor: "stripe" | "paddle"): string {
  const directory = path.join(ROOT, "lib/processors", processor);
  const files = readdirSync(directory).filter((name) => /^client.*(?<!test|testing)\.ts$/.test(name));
  expect(files).toContain("client-records.ts");
  return files.map((name) => readFileSync(path.join(directory, name), "utf8")).join("\n");
}

describe.each([
  ["stripe", "stripe.md"],
  ["paddle", "paddle.md"],
] as const)("the key of %s", (processor, page) => {
  const permissions = documented(page);

  test("has a permission for every called method, and no other one", () => {
    const { methods, expanded } = calledIn(clientOf(processor), processor);
    expect(methods.length).toBeGreaterThan(10);
    expect(permissions.flatMap((each) => each.methods).sort()).toEqual(methods);
    expect(permissions.flatMap((each) => each.expanded).sort()).toEqual(expanded);
  });

  test("has write access only for methods that change objects", () => {
    for (const { access, methods } of permissions) {
      const changes = methods.filter((method) => !READS.has(method.split(".").at(-1) ?? ""));
      expect([access, methods], methods.join()).toEqual([changes.length > 0 ? "write" : "read", methods]);
    }
  });
});

test("the search finds calls on one line and on several lines, and expanded paths", () => {
  const text = `
    await stripe.checkout.sessions.create({ expand: ["one.two"] });
    return paddle.transactions
      .list({ perPage: 1 })
      .next();
    stripe.charges.list();
  `;
  expect(calledIn(text, "stripe")).toEqual({
    methods: ["charges.list", "checkout.sessions.create"],
    expanded: ["one.two"],
  });
  expect(calledIn(text, "paddle").methods).toEqual(["transactions.list"]);
});
