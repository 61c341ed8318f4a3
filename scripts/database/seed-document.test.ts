import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { SUPABASE } from "@/lib/database/migrate";
import config from "@/tollgate.config";
import { seedDocument } from "./seed-document";

test("supabase/seed.sql is the current catalog", () => {
  const file = path.join(SUPABASE, "seed.sql");
  if (process.env.UPDATE_SEED === "1") writeFileSync(file, seedDocument(config));
  expect(readFileSync(file, "utf8")).toBe(seedDocument(config));
});
