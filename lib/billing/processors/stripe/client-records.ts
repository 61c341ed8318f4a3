/** What Stripe lists of a subscription's money, as the facts and notes that its events would have given. */
import type Stripe from "stripe";
import type { FindPrice } from "@/lib/billing/catalog";
import type { Instant, Note, Status } from "@/lib/billing/facts";
import type { PaymentRecords } from "@/lib/billing/processors/client";
import { entityId } from "@/lib/billing/processors/entity-id";
import { paymentsOf } from "@/lib/billing/processors/reading";
import { readInstant } from "./client-read";
import { normalize } from "./normalize";

/** A round over all subscriptions asks for the latest only: what is older has been compared before. */
const INVOICES = 10;
const CHARGES = 100;
/** Each disputed charge costs a request. */
const DISPUTED = 5;

export interface RecordsOf {
  subscription: string;
  customer: string | null;
  status: Status | null;
}

/** Two requests, and one for each disputed charge. */
export async function listRecords(
  stripe: Stripe,
  { subscription, customer, status }: RecordsOf,
  findPrice: FindPrice,
): Promise<PaymentRecords> {
  const askedAt = Date.now();
  const invoices = await stripe.invoices.list({
    subscription: entityId(subscription),
    ...(customer !== null && { customer: entityId(customer) }),
    limit: INVOICES,
  });
  const payments = invoices.data.flatMap((invoice) => readPayments(invoice, { status, askedAt }, findPrice));
  if (customer === null) return { payments, notes: [] };
  const charges = await stripe.charges.list({
    customer: entityId(customer),
    limit: CHARGES,
    expand: ["data.refunds"],
  });
  const notes = charges.data.flatMap(readRefund);
  for (const { id } of charges.data.filter(({ disputed }) => disputed).slice(0, DISPUTED)) {
    const disputes = await stripe.disputes.list({ charge: entityId(id) });
    notes.push(...disputes.data.flatMap((dispute) => readDispute(dispute, customer)));
  }
  return { payments, notes };
}

/** Statuses that only a charge that failed brings about. */
const FAILED: ReadonlySet<Status | null> = new Set(["past_due", "unpaid", "incomplete"] as const);

/**
 * The invoice as a payment that was made or failed. While the subscription is in good standing, an open invoice that was
 * attempted may be a bank debit under way: then nothing is concluded from it.
 */
function readPayments(
  invoice: Stripe.Invoice,
  { status, askedAt }: { status: Status | null; askedAt: Instant },
  findPrice: FindPrice,
): PaymentRecords["payments"] {
  const { id, status: state, attempted, status_transitions: moved, created, due_date: due } = invoice;
  if (!id) return [];
  const finalizedAt = readInstant("invoice.created", moved?.finalized_at ?? created);
  if (state === "paid") {
    const at = moved?.paid_at == null ? finalizedAt : readInstant("invoice.paid_at", moved.paid_at);
    return read({ id: `${id}:paid`, type: "invoice.paid", at }, invoice, findPrice);
  }
  if (state !== "open" || !attempted || !FAILED.has(status)) return [];
  // The attempt is not dated. A sent invoice is owed from its due date on.
  const dueAt = due == null ? finalizedAt : readInstant("invoice.due_date", due);
  const at = dueAt <= askedAt ? Math.max(finalizedAt, dueAt) : finalizedAt;
  return read({ id: `${id}:failed`, type: "invoice.payment_failed", at }, invoice, findPrice);
}

/** A charge names what was given back of it in all, and each refund its time. */
function readRefund({ refunds, ...charge }: Stripe.Charge): Note[] {
  if (charge.amount_refunded === 0) return [];
  const given = (refunds?.data ?? []).map(({ created }) => created);
  const at = readInstant("refund.created", given.length > 0 ? Math.max(...given) : charge.created);
  return readNote({ id: charge.id, type: "charge.refunded", at }, charge);
}

const CLOSED: ReadonlySet<string> = new Set(["won", "lost", "warning_closed", "prevented"]);

/** A dispute that has ended was opened, too; how it stood then is not said. Its own object names the charge only. */
function readDispute(dispute: Stripe.Dispute, customer: string): Note[] {
  const { status, ...rest } = { ...dispute, customer };
  const at = readInstant("dispute.created", dispute.created);
  const ended = CLOSED.has(status);
  const opened = readNote({ id: dispute.id, type: "charge.dispute.created", at }, ended ? rest : { ...rest, status });
  if (!ended) return opened;
  return [...opened, ...readNote({ id: dispute.id, type: "charge.dispute.closed", at }, { ...rest, status })];
}

interface Origin {
  id: string;
  type: string;
  at: Instant;
}

function read(origin: Origin, object: object, findPrice: FindPrice): PaymentRecords["payments"] {
  return paymentsOf(normalizedAs(origin, object, findPrice));
}

function readNote(origin: Origin, object: object): Note[] {
  const normalized = normalizedAs(origin, object, () => undefined);
  return normalized.outcome === "facts" ? (normalized.notes ?? []) : [];
}

/** Through the normalizer of the events, so that there is one rule of what an invoice or a refund means. */
function normalizedAs({ id, type, at }: Origin, object: object, findPrice: FindPrice) {
  return normalize(
    {
      processor: "stripe",
      id: `read:${id}`,
      type,
      livemode: null,
      account: null,
      occurredAt: at,
      payload: { data: { object } },
    },
    findPrice,
  );
}
