/** For the tests: events on the way that real ones take, and entities bent by hand. */
import { priceLists } from "@/lib/config/current-catalog";
import { isPlainObject } from "@/lib/processors/envelope";
import { normalize } from "@/lib/processors/paddle/normalize";
import { parse } from "@/lib/processors/paddle/parse";
import type { Normalized } from "@/lib/processors/webhook-source";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";

const { find } = priceLists("paddle", {}, { sandbox: true });

/** What the event says after its way through bytes, with the sandbox's prices. Throws where it is refused. */
export function normalized(event: PaddleObject): Normalized {
  const parsed = parse(Buffer.from(JSON.stringify(event)));
  if (!parsed.ok) throw new Error(parsed.reason);
  return normalize(parsed.event, find);
}

/** New values by path (`items.0.quantity`); undefined takes the field away. */
export type Changes = Record<string, unknown>;

export function withChanges(object: PaddleObject, changes: Changes): PaddleObject {
  const copy = structuredClone(object);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const parent = keys.reduce<unknown>((inner, key) => (inner as PaddleObject)[key], copy);
    if (!isPlainObject(parent) && !Array.isArray(parent)) throw new Error(`nothing at ${path}`);
    (parent as PaddleObject)[last] = value;
  }
  return copy;
}
