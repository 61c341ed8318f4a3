import { identifier, parseJsonObject } from "../envelope";
import type { Parsed } from "../webhook-source";
import { instantOf } from "./instant";

/** The prefix of event ids of Paddle's webhook simulator. */
const SIMULATED = "ntfsimevt_";

/**
 * Reads an event's envelope. The event's id is `event_id`: the `notification_id` differs by destination and by replay.
 *
 * Paddle's events do not name their environment; only its simulator's are known not to be live.
 */
export function parse(raw: Uint8Array): Parsed {
  const parsed = parseJsonObject(raw);
  if (!parsed.ok) return parsed;
  const payload = parsed.value;
  const id = identifier(payload.event_id);
  if (id === null) return { ok: false, reason: "missing_id" };
  const type = identifier(payload.event_type);
  if (type === null) return { ok: false, reason: "missing_type" };
  return {
    ok: true,
    event: {
      processor: "paddle",
      id,
      type,
      livemode: id.startsWith(SIMULATED) ? false : null,
      account: null,
      occurredAt: instantOf(payload.occurred_at),
      payload,
    },
  };
}
