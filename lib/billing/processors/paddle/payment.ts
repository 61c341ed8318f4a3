/** Transaction events → payment facts, one for each product that the transaction charges for. */
import type { FindPrice, ProductId } from "@/lib/billing/catalog";
import type { PaymentFact } from "@/lib/billing/facts";
import type { Normalized } from "@/lib/billing/processors/processor";
import { chargeFor, findPlanLines, linesOf, makesPeriods, type PlanLine } from "./charge";
import type { Handler } from "./handler";
import { identityOf, readEntity, type Transaction, transactionShape } from "./shape";

/** A transaction that is paid never goes back, whatever is told of an earlier attempt. */
const PAID: ReadonlySet<string | null> = new Set(["paid", "completed"]);

/** A handler for events that say how the payment of a transaction went. */
export function paymentHandler(outcome: PaymentFact["outcome"]): Handler {
  return ({ id, at, data }, findPrice) => {
    const identity = identityOf(data, "transaction");
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });
    const { subscription } = identity;
    if (subscription === null) return withoutSubscription(outcome, identity);

    const read = readEntity(transactionShape, data);
    if (!read.ok) return quarantined(read.reason);
    const transaction = read.value;
    if (outcome === "failed" && PAID.has(transaction.status)) return { outcome: "ignored", reason: "already_paid" };
    const planLines = findPlanLines(transaction, findPrice);
    if (planLines.length === 0) {
      return makesPeriods(transaction) ? quarantined("unknown_price") : { outcome: "ignored", reason: "no_plan_line" };
    }

    const facts: { product: ProductId; fact: PaymentFact }[] = [];
    for (const product of new Set(planLines.map(({ price }) => price.product))) {
      const charge = chargeFor(
        planLines.filter(({ price }) => price.product === product),
        transaction,
      );
      if ("problem" in charge) return quarantined(charge.problem);
      const { purpose, planLine } = charge;
      const period = planLine === null ? null : transaction.billing_period;
      facts.push({
        product,
        fact: {
          kind: "payment",
          id: `paddle:${id}:payment`,
          processor: "paddle",
          subscription,
          at,
          outcome,
          purpose,
          periodStart: period?.starts_at ?? null,
          periodEnd: period?.ends_at ?? null,
          plan: planLine?.price.plan ?? null,
          interval: planLine?.price.interval ?? null,
          inMoney:
            outcome === "paid" &&
            (purpose === "period" || purpose === "change") &&
            paidInMoney(transaction, planLines, findPrice),
        },
      });
    }
    return { outcome: "facts", facts, identity, analysis: null };
  };
}

/** The first payment may be told before the subscription exists: whose customer it is, our own server may know. */
function withoutSubscription(
  outcome: PaymentFact["outcome"],
  identity: ReturnType<typeof identityOf>,
): Extract<Normalized, { outcome: "facts" | "ignored" }> {
  if (outcome === "failed" || identity.transaction === null) return { outcome: "ignored", reason: "no_subscription" };
  return { outcome: "facts", facts: [], identity, analysis: null, unlinked: "no_subscription" };
}

/**
 * Whether the whole price came in money: nothing discounted, nothing from a balance, a credit or a proration. Taxes may
 * come on top. What cannot be told counts as no.
 */
function paidInMoney(transaction: Transaction, planLines: readonly PlanLine[], findPrice: FindPrice): boolean {
  const totals = transaction.details?.totals;
  const grandTotal = totals?.grand_total ?? 0;
  const captured = (transaction.payments ?? [])
    .filter(({ status }) => status === "captured")
    .reduce((sum, payment) => sum + (payment.amount ?? 0), 0);
  return (
    grandTotal > 0 &&
    captured >= grandTotal &&
    grandTotal >= planLines.reduce((sum, { line }) => sum + (line.total ?? 0), 0) &&
    totals?.credit === 0 &&
    (totals.credit_to_balance ?? 0) === 0 &&
    totals.balance === 0 &&
    totals.discount === 0 &&
    linesOf(transaction).every((line) => line.proration === null && (line.total ?? 0) >= 0) &&
    // The items say it, too: a line may leave it out.
    (transaction.items ?? []).every(
      (item) => item.proration === null || !findPrice(item.price?.id ?? item.price_id ?? ""),
    ) &&
    planLines.every(({ line }) => (line.total ?? 0) > 0)
  );
}
