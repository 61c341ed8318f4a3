/** Lists a subscription's payments, refunds and disputes at Stripe, as the same facts and notes that its events give. */
import type Stripe from "stripe";
import type { Instant, Note, Status } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import type { PaymentRecords, SubscriptionReading } from "../processor-client";
import { paymentsOf } from "../reading";
import { readInstant } from "./client-values";
import { normalize } from "./normalize";
import { idOf } from "./reference";

/** Reconciliation lists only the latest: earlier runs have compared older ones. */
const INVOICES = 20;
const CHARGES = 100;
/** Each refunded or disputed charge costs one request. */
const MAX_NOTED_CHARGES = 5;

/**
 * Lists the records of this subscription alone: its customer may have others. It sends two requests, and one for each of the
 * latest refunded or disputed charges.
 */
export async function listRecords(
  stripe: Stripe,
  { identity: { subscription, customer }, facts, shared }: SubscriptionReading,
  findPrice: FindPrice,
): Promise<PaymentRecords> {
  if (subscription === null) return { payments: [], notes: [] };
  const status = (facts[0]?.fact ?? shared)?.state.status ?? null;
  const invoices = await stripe.invoices.list({
    subscription: entityId(subscription),
    ...(customer !== null && { customer: entityId(customer) }),
    limit: INVOICES,
    expand: ["data.payments"],
  });
  // Stripe's clock decides about due dates: it may be ahead of ours.
  const answeredAt = Date.parse(invoices.lastResponse.headers.date ?? "") || Date.now();
  const listed = customer === null ? [] : await listCharges(stripe, customer);
  const payments = invoices.data.flatMap((invoice) =>
    readPayments(invoice, { status, answeredAt, attempts: chargesOf(invoice, listed) }, findPrice),
  );
  if (customer === null) return { payments, notes: [] };
  const charges = invoices.data.flatMap((invoice) => chargesOf(invoice, listed));
  const notes: Note[] = [];
  for (const charge of charges.filter(({ amount_refunded: refunded }) => refunded > 0).slice(0, MAX_NOTED_CHARGES)) {
    const refunds = await stripe.refunds.list({ charge: entityId(charge.id), limit: 1 });
    notes.push(...readRefund(charge, refunds.data[0]));
  }
  for (const { id } of charges.filter(({ disputed }) => disputed).slice(0, MAX_NOTED_CHARGES)) {
    const disputes = await stripe.disputes.list({ charge: entityId(id) });
    notes.push(...disputes.data.flatMap((dispute) => readDispute(dispute, customer)));
  }
  return { payments, notes };
}

async function listCharges(stripe: Stripe, customer: string): Promise<Stripe.Charge[]> {
  return (await stripe.charges.list({ customer: entityId(customer), limit: CHARGES })).data;
}

/** The listed attempts to charge the invoice, newest first. A customer's charges may be for other subscriptions. */
function chargesOf({ payments }: Stripe.Invoice, charges: readonly Stripe.Charge[]): Stripe.Charge[] {
  const made = (payments?.data ?? []).flatMap(({ payment }) => payment.payment_intent ?? payment.charge ?? []);
  const ids = new Set(made.map((payment) => idOf(payment)));
  return charges.filter(({ id, payment_intent: payment }) => ids.has(id) || (payment && ids.has(idOf(payment))));
}

/** Statuses that only a failed charge causes. */
const FAILED: ReadonlySet<Status | null> = new Set(["past_due", "unpaid", "incomplete"] as const);

/**
 * Reads the invoice as a paid or failed payment. A bank debit in progress was attempted but has not failed: its invoice gives
 * no payment, even if the subscription owes another one.
 */
function readPayments(
  invoice: Stripe.Invoice,
  { status, answeredAt, attempts }: { status: Status | null; answeredAt: Instant; attempts: readonly Stripe.Charge[] },
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
  const [latest] = attempts;
  if (latest !== undefined && latest.status !== "failed") return [];
  // Without a payment method there is no charge, and so no time of the attempt.
  const first = attempts.findLast(({ status: each }) => each === "failed");
  const attemptedAt = first === undefined ? finalizedAt : readInstant("charge.created", first.created);
  // A sent invoice is owed from its due date on.
  const dueAt = due == null ? attemptedAt : readInstant("invoice.due_date", due);
  const at = dueAt <= answeredAt ? Math.max(attemptedAt, dueAt) : attemptedAt;
  return read({ id: `${id}:failed`, type: "invoice.payment_failed", at }, invoice, findPrice);
}

/** A charge contains its total of refunds; the latest refund has the time. */
function readRefund(charge: Stripe.Charge, latest: Stripe.Refund | undefined): Note[] {
  const at = readInstant("refund.created", latest?.created ?? charge.created);
  return readNote({ id: charge.id, type: "charge.refunded", at }, charge);
}

const CLOSED: ReadonlySet<string> = new Set(["won", "lost", "warning_closed", "prevented"]);

/** A closed dispute gives two notes, the first without a status. The dispute names its charge but no customer. */
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

/** Uses the normalizer of the events, so that invoices and refunds have one set of rules. */
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
