/** For the tests: events on the way that real ones take, and objects bent by hand. */
import { priceLists } from "@/lib/config/current-catalog";
import { isPlainObject } from "@/lib/processors/envelope";
import { normalize } from "@/lib/processors/stripe/normalize";
import { parse } from "@/lib/processors/stripe/parse";
import type { Normalized } from "@/lib/processors/webhook-source";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";

const { find } = priceLists("stripe", {}, { sandbox: true });

/** What the event says after its way through bytes, with the sandbox's prices. Throws where it is refused. */
export function normalized(event: StripeObject): Normalized {
  const parsed = parse(Buffer.from(JSON.stringify(event)));
  if (!parsed.ok) throw new Error(parsed.reason);
  return normalize(parsed.event, find);
}

/** New values by path (`items.data.0.quantity`); undefined takes the field away. */
export type Changes = Record<string, unknown>;

export function withChanges(object: StripeObject, changes: Changes): StripeObject {
  const copy = structuredClone(object);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const parent = keys.reduce<unknown>((inner, key) => (inner as StripeObject)[key], copy);
    if (!isPlainObject(parent)) throw new Error(`nothing at ${path}`);
    parent[last] = value;
  }
  return copy;
}
