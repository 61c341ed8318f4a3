import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

/** The first versions without known vulnerabilities; raise them after an advisory. */
const FLOORS: Readonly<Record<string, string>> = {
  next: "16.4.1",
  react: "19.3.1",
  "react-dom": "19.3.1",
  "@clerk/nextjs": "7.9.7",
  "@clerk/backend": "3.20.1",
  "@supabase/ssr": "0.12.7",
  "@supabase/supabase-js": "2.119.0",
  zod: "4.6.7",
};

const lock = JSON.parse(readFileSync(path.join(import.meta.dirname, "..", "package-lock.json"), "utf8")) as {
  packages: Record<string, { version?: string }>;
};

test.each(Object.entries(FLOORS))("%s is at least %s in every installed copy", (name, floor) => {
  const installed = Object.entries(lock.packages).filter(([key]) => key.endsWith(`node_modules/${name}`));
  expect(installed.length).toBeGreaterThan(0);
  for (const [key, { version = "0" }] of installed)
    expect(version.localeCompare(floor, "en", { numeric: true }), `${key} ${version}`).toBeGreaterThanOrEqual(0);
});

describe("one Node version", () => {
  const root = path.join(import.meta.dirname, "..");
  const read = (name: string) => readFileSync(path.join(root, name), "utf8");
  const version = read(".nvmrc").trim();
  const { optionalDependencies } = JSON.parse(read("package.json")) as { optionalDependencies: Record<string, string> };

  test.each(Object.keys(optionalDependencies).filter((name) => name.startsWith("node-")))("%s has it", (name) => {
    expect(optionalDependencies[name]).toBe(version);
  });

  test("tests run on it", () => {
    expect(process.versions.node).toBe(version);
  });

  test("the image has its major version, patched", () => {
    expect(read("Dockerfile")).toMatch(new RegExp(`^ARG NODE=${version.split(".")[0]}\\.`, "m"));
  });
});
