import { isPlainObject } from "@/lib/processors/envelope";

/** New values by path (`items.0.quantity`); undefined removes the field. */
export type Changes = Record<string, unknown>;

/** A copy of a processor's object with these changes. Throws if a path has no parent. */
export function withChanges(object: Record<string, unknown>, changes: Changes): Record<string, unknown> {
  const copy = structuredClone(object);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const parent = keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], copy);
    if (!isPlainObject(parent) && !Array.isArray(parent)) throw new Error(`nothing at ${path}`);
    (parent as Record<string, unknown>)[last] = value;
  }
  return copy;
}
