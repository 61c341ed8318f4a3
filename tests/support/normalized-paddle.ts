/** Normalizes events of Paddle as the webhook does. */
import { priceLists } from "@/lib/config/current-catalog";
import { normalize } from "@/lib/processors/paddle/normalize";
import { parse } from "@/lib/processors/paddle/parse";
import type { Normalized } from "@/lib/processors/webhook-source";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";

export { type Changes, withChanges } from "./with-changes";

const { find } = priceLists("paddle", {}, { sandbox: true });

/** The normalized event, parsed from its bytes, with the sandbox's prices. Throws if it is refused. */
export function normalized(event: PaddleObject): Normalized {
  const parsed = parse(Buffer.from(JSON.stringify(event)));
  if (!parsed.ok) throw new Error(parsed.reason);
  return normalize(parsed.event, find);
}
