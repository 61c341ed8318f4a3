/** Transaction events → payment facts, one for each product that the transaction charges for. */

import type { PaymentFact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import type { Normalized } from "../webhook-source";
import { chargeFor, findPlanLines, isPartial, linesOf, unlistedCharges } from "./charge";
import type { Handler } from "./handler";
import { identityOf, readObject, type Transaction, transactionShape } from "./shape";

/** The final statuses: a failure that arrives later is of an earlier attempt. */
const PAID: ReadonlySet<string | null> = new Set(["paid", "completed"]);

/** Makes the handler of events about a transaction's payment. */
export function paymentHandler(outcome: PaymentFact["outcome"]): Handler {
  return ({ id, type, at, data }, findPrice) => {
    const identity = identityOf(data, "transaction");
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });
    const { subscription } = identity;
    if (subscription === null) return withoutSubscription(outcome, identity);

    const read = readObject(transactionShape, data);
    if (!read.ok) return quarantined(read.reason);
    const transaction = read.value;
    if (outcome === "failed" && PAID.has(transaction.status)) return { outcome: "ignored", reason: "already_paid" };
    const planLines = findPlanLines(transaction, findPrice);
    const paidInFull = outcome === "paid" && settledInFull(transaction);
    // A failed attempt on a sent invoice is no debt: Paddle reports when it is overdue.
    const isDue = outcome === "paid" || transaction.collection_mode !== "manual" || type === "transaction.past_due";
    const unlisted = unlistedCharges(transaction, findPrice).map((charge) => ({
      ...charge,
      purpose: isDue || charge.purpose === "other" ? charge.purpose : ("not_due" as const),
      paidInFull: paidInFull && charge.purpose !== "other",
    }));
    const origin = {
      kind: "payment" as const,
      id: `paddle:${id}:payment`,
      processor: "paddle" as const,
      subscription,
      at,
      outcome,
      ...(unlisted.length > 0 && { unlisted }),
    };
    if (planLines.length === 0) {
      if (!isDue) return { outcome: "ignored", reason: "not_due" };
      if (unlisted.every(({ purpose }) => purpose === "other")) return { outcome: "ignored", reason: "no_plan_line" };
      const none = { periodStart: null, periodEnd: null, plan: null, interval: null };
      const fact: PaymentFact = { ...origin, purpose: "other", ...none, paidInFull };
      return { outcome: "unpriced", fact, identity, analysis: null };
    }

    const facts: { product: ProductId; fact: PaymentFact }[] = [];
    for (const product of new Set(planLines.map(({ price }) => price.product))) {
      const own = planLines.filter(({ price }) => price.product === product);
      const charge = chargeFor(own, transaction);
      if ("problem" in charge) return quarantined(charge.problem);
      const { planLine } = charge;
      const purpose = isDue ? charge.purpose : "not_due";
      const whole = purpose === "period" || purpose === "change";
      const period = planLine === null ? null : transaction.billing_period;
      facts.push({
        product,
        fact: {
          ...origin,
          purpose,
          periodStart: period?.starts_at ?? null,
          periodEnd: period?.ends_at ?? null,
          plan: planLine?.price.plan ?? null,
          interval: planLine?.price.interval ?? null,
          paidInFull: paidInFull && whole && own.every(({ line }) => (line.total ?? 0) > 0),
        },
      });
    }
    return { outcome: "facts", facts, identity, analysis: null };
  };
}

/** The first payment may arrive before the subscription exists. Our server may know its user by the transaction. */
function withoutSubscription(
  outcome: PaymentFact["outcome"],
  identity: ReturnType<typeof identityOf>,
): Extract<Normalized, { outcome: "facts" | "ignored" }> {
  if (outcome === "failed" || identity.transaction === null) return { outcome: "ignored", reason: "no_subscription" };
  return { outcome: "facts", facts: [], identity, analysis: null, unlinked: "no_subscription" };
}

/**
 * Whether the transaction was settled in full. Its total after discounts is more than 0, and was captured or declared paid
 * by the merchant (manual collection). It contains no credit, balance or partial proration. Missing fields count as no.
 */
function settledInFull(transaction: Transaction): boolean {
  const totals = transaction.details?.totals;
  const grandTotal = totals?.grand_total ?? 0;
  const captured = (transaction.payments ?? [])
    .filter(({ status }) => status === "captured")
    .reduce((sum, payment) => sum + (payment.amount ?? 0), 0);
  const { billing_period: period } = transaction;
  return (
    grandTotal > 0 &&
    (captured >= grandTotal || (transaction.collection_mode === "manual" && PAID.has(transaction.status))) &&
    totals?.credit === 0 &&
    (totals.credit_to_balance ?? 0) === 0 &&
    totals.balance === 0 &&
    linesOf(transaction).every((line) => !isPartial(line, period) && (line.total ?? 0) >= 0) &&
    // A line may omit its proration, but its item has it.
    (transaction.items ?? []).every(
      ({ proration }) => !isPartial({ priceId: null, productId: null, total: null, proration }, period),
    )
  );
}
