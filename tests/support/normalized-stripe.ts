/** Normalizes events of Stripe as the webhook does. */
import { priceLists } from "@/lib/config/current-catalog";
import { normalize } from "@/lib/processors/stripe/normalize";
import { parse } from "@/lib/processors/stripe/parse";
import type { Normalized } from "@/lib/processors/webhook-source";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";

export { type Changes, withChanges } from "./with-changes";

const { find } = priceLists("stripe", {}, { sandbox: true });

/** The normalized event, parsed from its bytes, with the sandbox's prices. Throws if it is refused. */
export function normalized(event: StripeObject): Normalized {
  const parsed = parse(Buffer.from(JSON.stringify(event)));
  if (!parsed.ok) throw new Error(parsed.reason);
  return normalize(parsed.event, find);
}
