/** Reads Paddle's responses. Throws `ProcessorError` (`unavailable`) if one differs from Paddle's documentation. */
import type {
  AdjustmentTotals,
  Discount,
  Subscription,
  SubscriptionPreview,
  Transaction,
  TransactionTotals,
} from "@paddle/paddle-node-sdk";
import type { FindPrice } from "@/lib/config/catalog";
import { withoutNulls } from "../fields";
import type {
  ChangePreview,
  CheckoutState,
  Invoice,
  Money,
  PlanChange,
  SubscriptionReading,
} from "../processor-client";
import { readingOf } from "../reading";
import { unreadable } from "./client-call";
import { discountFields } from "./client-discount";
import type { PlanItems } from "./client-plan";
import { normalize } from "./normalize";
import { readInstant, readMoney, readPositive } from "./read-fields";

/**
 * Reads the cost of a change. The grand total is the amount charged to the card, after the customer's credit.
 *
 * Paddle's `next_transaction` assumes a period from today on, which is wrong for a renewal with another interval. That
 * renewal costs the new price, at the time of the present one.
 */
export function readPreview(
  preview: SubscriptionPreview,
  current: Subscription,
  timing: PlanChange["timing"],
  { intervalChanges }: PlanItems,
): ChangePreview {
  const { immediateTransaction, nextTransaction, recurringTransactionDetails } = preview;
  const due = immediateTransaction === null ? null : grandTotal(immediateTransaction.details.totals);
  const dueNow = due !== null && due.amount > 0 ? due : null;
  const shares = dueNow === null || immediateTransaction === null ? {} : sharesOf(immediateTransaction.details.totals);
  if (nextTransaction === null) return { dueNow, nextCharge: null, ...shares };
  if (timing === "now" || !intervalChanges) {
    const at = readInstant("next_transaction.billing_period", nextTransaction.billingPeriod.startsAt);
    return { dueNow, nextCharge: { ...grandTotal(nextTransaction.details.totals), at }, ...shares };
  }
  if (recurringTransactionDetails === null) throw unreadable("preview", "no recurring_transaction_details");
  const at = readInstant("next_billed_at", current.nextBilledAt);
  return { dueNow, nextCharge: { ...grandTotal(recurringTransactionDetails.totals), at }, ...shares };
}

/** The tax in the charge, and the amount that discounts take off it, less the discounts of credited unused time. */
function sharesOf({
  grandTotalTax,
  discount,
  currencyCode,
}: TransactionTotals): Pick<ChangePreview, "tax" | "discount"> {
  return withoutNulls({
    tax: readPositive(grandTotalTax, currencyCode),
    discount: readPositive(discount, currencyCode),
  });
}

/** Reads an invoice. The list is empty if the transaction is none, such as a zero amount that only changed the card. */
export function readInvoice(transaction: Transaction): Invoice[] {
  const { id, origin, invoiceNumber, billedAt, createdAt, details } = transaction;
  const status = INVOICE_STATUS[transaction.status];
  if (status === undefined || origin === "subscription_payment_method_change") return [];
  const totals = details?.totals;
  if (!totals) throw unreadable("invoices", `no totals in ${id}`);
  const { currencyCode } = totals;
  const total = readMoney(totals.total, currencyCode);
  return [
    {
      id,
      number: invoiceNumber,
      at: readInstant("billed_at", billedAt ?? createdAt),
      total,
      ...withoutNulls({
        tax: readPositive(totals.tax, currencyCode),
        discount: readPositive(totals.discount, currencyCode),
        refunded: refundedOf(transaction.adjustmentsTotals, currencyCode),
      }),
      status,
      url: null,
      pdf: null,
    },
  ];
}

/**
 * The sum of refunds and chargebacks; credits are no refund. Paddle omits the totals if the key must not read adjustments.
 */
function refundedOf(totals: AdjustmentTotals | null, currency: string): Money | null {
  if (!totals?.breakdown) return null;
  const { refund, chargeback } = totals.breakdown;
  const amount = readMoney(refund, currency).amount + readMoney(chargeback, currency).amount;
  return amount > 0 ? { amount, currency } : null;
}

/** A `paid` transaction names no subscription yet; a `completed` one does. */
export function readCheckoutState({ status, subscriptionId }: Transaction): CheckoutState {
  if (status === "paid" || status === "completed") return { state: "paid", subscription: subscriptionId };
  return { state: status === "canceled" ? "expired" : "open" };
}

/**
 * Reads the subscription as a snapshot, through the same normalizer as its events. Paddle's `updated_at` orders it among
 * them, even if they arrive late.
 */
export function readSubscription(
  subscription: Subscription,
  findPrice: FindPrice,
  discount?: Discount,
): SubscriptionReading {
  const at = readInstant("updated_at", subscription.updatedAt);
  const { currentBillingPeriod: period, scheduledChange: change } = subscription;
  // The fields that the normalizer reads, by Paddle's names.
  const data = {
    id: subscription.id,
    status: subscription.status,
    customer_id: subscription.customerId,
    updated_at: subscription.updatedAt,
    current_billing_period: period && { starts_at: period.startsAt, ends_at: period.endsAt },
    scheduled_change: change && { action: change.action, effective_at: change.effectiveAt },
    collection_mode: subscription.collectionMode,
    import_meta: subscription.importMeta,
    discount: subscription.discount && discountFields(subscription.discount, discount),
    items: subscription.items.map(({ price, quantity, trialDates }) => ({
      price: { id: price.id, product_id: price.productId, billing_cycle: price.billingCycle },
      quantity,
      trial_dates: trialDates && { ends_at: trialDates.endsAt },
    })),
  };
  // A fetch with the discount's terms is another fact than one without them.
  const id = `read:${subscription.id}:${at}${discount ? `:${discount.id}` : ""}`;
  const event = {
    processor: "paddle" as const,
    id,
    type: "subscription.updated",
    account: null,
    livemode: null,
    occurredAt: at,
  };
  const normalized = normalize({ ...event, payload: { data } }, findPrice);
  if (normalized.outcome !== "facts" && normalized.outcome !== "unpriced") {
    throw unreadable("subscription", normalized.reason);
  }
  return { identity: normalized.identity, ...readingOf(normalized), timestampSource: "processor" };
}

const INVOICE_STATUS: Readonly<Record<string, Invoice["status"]>> = {
  completed: "paid",
  paid: "paid",
  billed: "open",
  past_due: "open",
  canceled: "void",
};

/** Paddle makes a document if a transaction is completed, or billed for manual payment, and its total is not 0. */
export function hasNoDocument({ status, collectionMode, details }: Transaction): boolean {
  if (status === "billed") return collectionMode !== "manual";
  return status !== "completed" || details?.totals?.total === "0";
}

function grandTotal({ grandTotal, currencyCode }: TransactionTotals): Money {
  return readMoney(grandTotal, currencyCode);
}
