import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SUPABASE } from "@/lib/database/migrate";
import { writeMigrationFiles } from "./files";

let directory = "";
beforeEach(() => {
  // Inside the repository, so that the config finds the package, and ignored by git.
  mkdirSync(".tollgate", { recursive: true });
  directory = mkdtempSync(path.resolve(".tollgate", "app-"));
  cpSync("tollgate.config.ts", path.join(directory, "tollgate.config.ts"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const lines: string[] = [];
const terminal = {
  isTerminal: false,
  write: (line: string) => void lines.push(line),
  note: () => {},
  progress: () => {},
  confirm: async () => false,
};
const migrations = () => readdirSync(path.join(directory, "supabase/migrations")).sort();
const at = (second: number) => new Date(Date.UTC(2027, 0, 1, 0, 0, second));

test("the migrations and the catalog become files, which a second run leaves alone", async () => {
  await writeMigrationFiles(directory, {}, terminal, at(1));
  const names = migrations();
  expect(names).toEqual([
    ...readdirSync(path.join(SUPABASE, "migrations")).sort(),
    "20270101000001_tollgate_catalog.sql",
  ]);
  const catalog = readFileSync(path.join(directory, "supabase/migrations", names.at(-1) as string), "utf8");
  expect(catalog).toContain("select tollgate.save_catalog($catalog${");
  await writeMigrationFiles(directory, {}, terminal, at(2));
  expect(migrations()).toEqual(names);
});

test("a changed catalog is a further migration", async () => {
  await writeMigrationFiles(directory, {}, terminal, at(1));
  const latest = path.join(directory, "supabase/migrations/20270101000001_tollgate_catalog.sql");
  writeFileSync(latest, readFileSync(latest, "utf8").replace("Growth", "Grown"));
  await writeMigrationFiles(directory, {}, terminal, at(2));
  expect(migrations().at(-1)).toBe("20270101000002_tollgate_catalog.sql");
});
