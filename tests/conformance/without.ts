/** A copy of a value without the fields that are known to be left out of the description. */
import type { KnownDifferences } from "./known";
import { type Path, written } from "./problem";

export function without(known: KnownDifferences, of: string, value: unknown, path: Path = []): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each, index) => without(known, of, each, [...path, index]));
  const kept = Object.entries(value).filter(([key]) => !known.has(`${of} ${written([...path, key])}`));
  return Object.fromEntries(kept.map(([key, each]) => [key, without(known, of, each, [...path, key])]));
}
