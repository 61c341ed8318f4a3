/** Lists a subscription's payments and adjustments at Paddle, as the same facts and notes that its events give. */
import type { Adjustment, Paddle, Transaction } from "@paddle/paddle-node-sdk";
import type { Instant, Note } from "@/lib/billing/types";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId as pathId } from "../entity-id";
import type { PaymentRecords } from "../processor-client";
import { paymentsOf } from "../reading";
import type { Call } from "./client-call";
import { normalize } from "./normalize";
import { readInstant } from "./read-fields";

/** Reconciliation lists only the latest: earlier runs have compared older ones. */
const TRANSACTIONS = 10;
const ADJUSTMENTS = 50;

/** Lists the records with two requests. */
export async function listRecords(
  paddle: Paddle,
  subscription: string,
  { call, findPrice }: { call: Call; findPrice: FindPrice },
): Promise<PaymentRecords> {
  const subscriptionId = [pathId(subscription)];
  const transactions = await call("paymentRecords", () =>
    paddle.transactions
      .list({
        subscriptionId,
        status: ["completed", "paid", "past_due"],
        orderBy: "id[DESC]",
        perPage: TRANSACTIONS,
      })
      .next(),
  );
  const adjustments = await call("paymentRecords", () =>
    paddle.adjustments.list({ subscriptionId, orderBy: "id[DESC]", perPage: ADJUSTMENTS }).next(),
  );
  return call("paymentRecords", async () => ({
    payments: transactions.flatMap((transaction) => readPayments(transaction, findPrice)),
    notes: adjustments.flatMap(readNotes),
  }));
}

function readPayments(transaction: Transaction, findPrice: FindPrice): PaymentRecords["payments"] {
  const { id, status, origin, billingPeriod, collectionMode, details } = transaction;
  const isPaid = status !== "past_due";
  const totals = details?.totals;
  // The fields that the normalizer reads, by Paddle's names.
  const data = {
    id,
    status,
    origin,
    subscription_id: transaction.subscriptionId,
    customer_id: transaction.customerId,
    collection_mode: collectionMode,
    billing_period: billingPeriod && { starts_at: billingPeriod.startsAt, ends_at: billingPeriod.endsAt },
    items: transaction.items.map(({ price, proration }) => ({
      price: price && { id: price.id, product_id: price.productId, billing_cycle: price.billingCycle },
      proration: readProration(proration),
    })),
    details: details && {
      totals: totals && {
        credit: totals.credit,
        credit_to_balance: totals.creditToBalance,
        balance: totals.balance,
        grand_total: totals.grandTotal,
      },
      line_items: details.lineItems.map(({ priceId, product, proration, totals: line }) => ({
        price_id: priceId,
        product: product && { id: product.id },
        proration: readProration(proration),
        totals: line && { total: line.total },
      })),
    },
    payments: transaction.payments.map(({ amount, status: state }) => ({ amount, status: state })),
  };
  const event = { id: `${id}:${isPaid ? "paid" : "failed"}`, type: `transaction.${isPaid ? "completed" : "past_due"}` };
  return paymentsOf(normalizedAs({ ...event, at: paymentAt(transaction) }, data, findPrice));
}

/** The time of the capture; for a failed payment, the time at which Paddle reported it. */
function paymentAt({ status, payments, billedAt, updatedAt }: Transaction): Instant {
  const captured = payments.flatMap(({ capturedAt }) => (capturedAt === null ? [] : [capturedAt]));
  if (status === "past_due") return readInstant("updated_at", updatedAt);
  return readInstant("captured_at", captured[0] ?? billedAt ?? updatedAt);
}

function readProration(proration: Transaction["items"][number]["proration"]) {
  if (proration === null) return null;
  const { rate, billingPeriod: part } = proration;
  return { rate, billing_period: part && { starts_at: part.startsAt, ends_at: part.endsAt } };
}

function readNotes({ id, action, status, currencyCode, totals, ...adjustment }: Adjustment): Note[] {
  const data = {
    id,
    action,
    status,
    currency_code: currencyCode,
    totals: { total: totals.total },
    subscription_id: adjustment.subscriptionId,
    customer_id: adjustment.customerId,
    transaction_id: adjustment.transactionId,
  };
  const at = readInstant("created_at", adjustment.createdAt);
  const normalized = normalizedAs({ id, type: "adjustment.updated", at }, data, () => undefined);
  if (normalized.outcome !== "facts") return [];
  const { transaction = null } = normalized.identity;
  return (normalized.notes ?? []).map((note) => ({ ...note, transaction }));
}

/** Uses the normalizer of the events, so that transactions and adjustments have one set of rules. */
function normalizedAs(
  { id, type, at }: { id: string; type: string; at: Instant },
  data: Record<string, unknown>,
  findPrice: FindPrice,
) {
  return normalize(
    {
      processor: "paddle",
      id: `read:${id}`,
      type,
      livemode: null,
      account: null,
      occurredAt: at,
      payload: { data },
    },
    findPrice,
  );
}
