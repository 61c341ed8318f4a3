/** Compares a subscription's stored payments, refunds, disputes and discounts with the lists of its processor. */
import { isDeepStrictEqual } from "node:util";
import { foldKnown, type KnownFacts } from "@/lib/billing/timeline/build-timeline";
import type { Note, PaymentFact, Processor, SnapshotFact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { product as productOf } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import type { Discount, PaymentRecords } from "@/lib/processors/processor-client";
import { missedPayments } from "@/lib/webhooks/refresh";
import type { FieldDifference } from "./field-difference";

interface Subject {
  userId: string;
  processor: Processor;
  subscription: string;
  product: ProductId;
}

/**
 * The records that the processor lists and that are not stored here.
 * @param fact the fetched subscription's snapshot for the subject's product
 */
export async function compareRecords(
  gateway: Gateway,
  subject: Subject,
  { fact, records }: { fact: SnapshotFact; records: PaymentRecords | null },
): Promise<FieldDifference[]> {
  const { userId, product } = subject;
  const known = await gateway.loadTimeline(userId, product);
  const discount = compareDiscounts(subject, fact, known);
  if (records === null) return discount;
  const payments = missedPayments(product, records.payments, known);
  const unknown =
    records.notes.length === 0 ? [] : await gateway.addFetchedNotes(userId, subject, records.notes, false);
  const notes = records.notes.filter(({ id }) => unknown.includes(id));
  return [...payments.map(paymentDifference), ...notes.map(noteDifference), ...discount];
}

function paymentDifference({ outcome, at, periodStart }: PaymentFact): FieldDifference {
  const period = periodStart === null ? "" : ` for the period from ${new Date(periodStart).toISOString()}`;
  const there = `${outcome === "paid" ? "paid" : "unpaid since"} ${new Date(at).toISOString()}${period}`;
  return { field: outcome === "paid" ? "payment" : "openInvoice", here: null, there };
}

function noteDifference({ kind, amount, currency, detail }: Note): FieldDifference {
  const there = [moneyText(amount, currency), detail].filter((text) => text !== null).join(", ");
  return { field: kind === "refund" ? "refund" : "dispute", here: null, there };
}

/** Compares discounts if the processor returned their terms. A discount with only an id cannot be compared. */
function compareDiscounts(
  { processor, subscription, product }: Subject,
  { discounts }: SnapshotFact,
  known: KnownFacts,
): FieldDifference[] {
  if (discounts === undefined || discounts.some(({ terms }) => terms === null)) return [];
  const { records } = foldKnown(productOf(product), known);
  const record = records.find((each) => each.processor === processor && each.subscription === subscription);
  const stored = (record?.discounts ?? []).map(({ key, terms, endsAt }) => ({ key, terms, endsAt }));
  const fetched = discounts
    .map(({ key, terms, endsAt = null }) => ({ key, terms, endsAt }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  if (isDeepStrictEqual(stored, fetched)) return [];
  return [{ field: "discount", here: discountsText(stored), there: discountsText(fetched) }];
}

function discountsText(discounts: readonly { terms: Omit<Discount, "endsAt"> | null; endsAt: number | null }[]) {
  if (discounts.length === 0) return null;
  const texts = discounts.map(({ terms, endsAt }) => {
    if (terms === null) return "a discount without terms";
    const off = "percent" in terms.off ? `${terms.off.percent}%` : moneyText(terms.off.amount, terms.off.currency);
    const until = endsAt === null ? "" : ` until ${new Date(endsAt).toISOString()}`;
    return `${off} off by ${terms.code ?? terms.name ?? terms.id}${until}`;
  });
  return texts.join("; ");
}

/** Such as "5.00 USD". @param amount in minor units, whose size depends on the currency */
function moneyText(amount: number | null, currency: string | null): string | null {
  if (amount === null) return null;
  if (currency === null || !/^[A-Za-z]{3}$/.test(currency)) return String(amount);
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
  }).resolvedOptions();
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`;
}
