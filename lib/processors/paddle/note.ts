/** Adjustments are refunds and chargebacks. They change no entitlement, and admins see them. */
import type { Note } from "@/lib/billing/types";
import type { Handler } from "./handler";
import { adjustmentShape, identityOf, readObject } from "./shape";

/** At a warning, Paddle refunds at once, so that no chargeback follows. */
const KINDS: Readonly<Record<string, Note["kind"]>> = {
  refund: "refund",
  chargeback: "dispute_opened",
  chargeback_warning: "dispute_opened",
  chargeback_reverse: "dispute_closed",
  chargeback_warning_reverse: "dispute_closed",
};

/** Handles `adjustment.created` and `.updated`. An approved adjustment gives one note, even if several events report it. */
export const noteHandler: Handler = ({ at, data }) => {
  const identity = identityOf(data, null);
  const read = readObject(adjustmentShape, data);
  if (!read.ok) return { outcome: "quarantined", reason: read.reason, identity };
  const { id, action, status, currency_code: currency, totals } = read.value;
  const kind = Object.hasOwn(KINDS, action) ? KINDS[action] : undefined;
  if (kind === undefined) return { outcome: "ignored", reason: "unhandled_adjustment" };
  if (status !== "approved") return { outcome: "ignored", reason: "not_approved" };
  const total = totals?.total ?? null;
  const note: Note = {
    id: `paddle:${id}:note`,
    kind,
    at,
    customer: identity.customer,
    // Reversals have negative amounts.
    amount: total && Math.abs(total),
    currency: currency?.toLowerCase() ?? null,
    detail: kind === "refund" ? null : action,
  };
  return { outcome: "facts", facts: [], notes: [note], identity, analysis: null };
};
