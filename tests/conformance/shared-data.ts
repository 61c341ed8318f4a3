/** Descriptions from the processors themselves. They are not part of the repository. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "@/scripts/project";

const FILES = {
  paddle: "paddle-openapi-2025-05-27.yaml",
  stripe: "stripe-fixtures3-2026-08-21.json",
};

const folder = process.env.CONFORMANCE_DATA ?? path.join(ROOT, "../shared/data");

/** The text of a description; null if it is not on this machine. */
export function sharedText(of: keyof typeof FILES): string | null {
  const file = path.join(folder, FILES[of]);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** The message for a run without one of the descriptions; null if both are there. */
export function missingData(): string | null {
  const missing = Object.values(FILES).filter((file) => !existsSync(path.join(folder, file)));
  if (missing.length === 0) return null;
  return `skipped: ${missing.join(", ")} not found in ${folder} (CONFORMANCE_DATA names another folder)`;
}
