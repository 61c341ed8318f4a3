/** What Stripe lists of a subscription's money, as the facts and notes that its events would have given. */
import Stripe from "stripe";
import type { Instant, Note, Status } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import type { PaymentRecords, SubscriptionReading } from "../processor-client";
import { paymentsOf } from "../reading";
import { DISCOUNTS } from "./client-money";
import { readInstant } from "./client-values";
import { normalize } from "./normalize";
import { idOf } from "./reference";

/** A round over all subscriptions asks for the latest only: what is older has been compared before. */
const INVOICES = 20;
const CHARGES = 100;
/** Each charge that was refunded or disputed costs a request. */
const NOTED = 5;

/**
 * The subscription with what the customer reads of its discounts. A key may lack the permission to read coupons and promotion
 * codes: then it names the discounts by their ids.
 */
export async function retrieveWithDiscounts(
  stripe: Stripe,
  subscription: string,
): Promise<Stripe.Response<Stripe.Subscription>> {
  const id = entityId(subscription);
  try {
    return await stripe.subscriptions.retrieve(id, { expand: [...DISCOUNTS] });
  } catch (error) {
    if (error instanceof Stripe.errors.StripePermissionError) return stripe.subscriptions.retrieve(id);
    throw error;
  }
}

/** Of this subscription alone: its customer may have others. Two requests, and one for each of the latest charges that were refunded or disputed. */
export async function listRecords(
  stripe: Stripe,
  { identity: { subscription, customer }, facts, shared }: SubscriptionReading,
  findPrice: FindPrice,
): Promise<PaymentRecords> {
  if (subscription === null) return { payments: [], notes: [] };
  const status = (facts[0]?.fact ?? shared)?.image.status ?? null;
  const invoices = await stripe.invoices.list({
    subscription: entityId(subscription),
    ...(customer !== null && { customer: entityId(customer) }),
    limit: INVOICES,
    expand: ["data.payments"],
  });
  // By Stripe's own clock: what is due there may lie in the future here.
  const answeredAt = Date.parse(invoices.lastResponse.headers.date ?? "") || Date.now();
  const listed = customer === null ? [] : await listCharges(stripe, customer);
  const payments = invoices.data.flatMap((invoice) =>
    readPayments(invoice, { status, answeredAt, attempts: chargesOf(invoice, listed) }, findPrice),
  );
  if (customer === null) return { payments, notes: [] };
  const charges = invoices.data.flatMap((invoice) => chargesOf(invoice, listed));
  const notes: Note[] = [];
  for (const charge of charges.filter(({ amount_refunded: refunded }) => refunded > 0).slice(0, NOTED)) {
    const refunds = await stripe.refunds.list({ charge: entityId(charge.id), limit: 1 });
    notes.push(...readRefund(charge, refunds.data[0]));
  }
  for (const { id } of charges.filter(({ disputed }) => disputed).slice(0, NOTED)) {
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

/** Statuses that only a charge that failed brings about. */
const FAILED: ReadonlySet<Status | null> = new Set(["past_due", "unpaid", "incomplete"] as const);

/**
 * The invoice as a payment that was made or failed. A bank debit under way has been attempted and has not failed: nothing
 * is concluded from its invoice, also while the subscription owes another one.
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
  // Stripe makes no charge without a payment method: then the attempt is not dated.
  const first = attempts.findLast(({ status: each }) => each === "failed");
  const attemptedAt = first === undefined ? finalizedAt : readInstant("charge.created", first.created);
  // A sent invoice is owed from its due date on.
  const dueAt = due == null ? attemptedAt : readInstant("invoice.due_date", due);
  const at = dueAt <= answeredAt ? Math.max(attemptedAt, dueAt) : attemptedAt;
  return read({ id: `${id}:failed`, type: "invoice.payment_failed", at }, invoice, findPrice);
}

/** A charge names what was given back of it in all; its latest refund says when. */
function readRefund(charge: Stripe.Charge, latest: Stripe.Refund | undefined): Note[] {
  const at = readInstant("refund.created", latest?.created ?? charge.created);
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
