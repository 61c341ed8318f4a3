import type { Instant } from "@/lib/billing/types";
import { identifier, LAST_INSTANT, parseJsonObject } from "../envelope";
import type { Parsed } from "../webhook-source";

/** Reads an event's envelope, also of thin events (`object: "v2.core.event"`), whose `created` is an ISO string. */
export function parse(raw: Uint8Array): Parsed {
  const parsed = parseJsonObject(raw);
  if (!parsed.ok) return parsed;
  const payload = parsed.value;
  const id = identifier(payload.id);
  if (id === null) return { ok: false, reason: "missing_id" };
  const type = identifier(payload.type);
  if (type === null) return { ok: false, reason: "missing_type" };
  return {
    ok: true,
    event: {
      processor: "stripe",
      id,
      type,
      livemode: typeof payload.livemode === "boolean" ? payload.livemode : null,
      account: accountOf(payload.account),
      occurredAt: occurredAt(payload.created),
      payload,
    },
  };
}

function accountOf(account: unknown): string | null {
  return account === undefined || account === null ? null : (identifier(account) ?? "");
}

function occurredAt(created: unknown): Instant | null {
  let milliseconds = Number.NaN;
  if (typeof created === "number") milliseconds = created * 1000;
  if (typeof created === "string") milliseconds = Date.parse(created);
  return milliseconds >= 0 && milliseconds <= LAST_INSTANT ? Math.floor(milliseconds) : null;
}
