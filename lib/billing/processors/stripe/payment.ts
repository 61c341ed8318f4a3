/** Invoice events → payment facts, one for each product that the invoice charges for. */
import type { FindPrice, Price, ProductId } from "@/lib/billing/catalog";
import type { PaymentFact } from "@/lib/billing/facts";
import type { Normalized } from "@/lib/billing/processors/processor";
import type { Handler } from "./handler";
import { type Invoice, type InvoiceLine, invoiceIdentityOf, invoiceShape, readObject } from "./shape";

/** The invoices that a subscription makes by itself; on the others a plan line has no meaning here. */
const SUBSCRIPTION_REASONS: Readonly<Record<string, "period" | "change">> = {
  subscription_create: "period",
  subscription_cycle: "period",
  subscription_update: "change",
};

/** A handler for events that say how the payment of an invoice went. */
export function paymentHandler(outcome: PaymentFact["outcome"]): Handler {
  return (delivered, findPrice) => {
    const identity = invoiceIdentityOf(delivered.object);
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });
    const { subscription } = identity;
    if (subscription === null) return { outcome: "ignored", reason: "no_subscription" };

    const read = readObject(invoiceShape, delivered.object);
    if (!read.ok) return quarantined(read.reason);
    const invoice = read.value;
    const planLines = findPlanLines(invoice, subscription, findPrice);
    if (planLines.length === 0) return withoutPlanLine(invoice, quarantined);

    const facts: { product: ProductId; fact: PaymentFact }[] = [];
    for (const product of new Set(planLines.map(({ price }) => price.product))) {
      const charge = chargeFor(
        planLines.filter(({ price }) => price.product === product),
        invoice,
      );
      if ("problem" in charge) return quarantined(charge.problem);
      const { purpose, planLine } = charge;
      facts.push({
        product,
        fact: {
          kind: "payment",
          id: `stripe:${delivered.id}:payment`,
          processor: "stripe",
          subscription,
          at: delivered.at,
          outcome,
          purpose,
          periodStart: planLine?.line.period.start ?? null,
          periodEnd: planLine?.line.period.end ?? null,
          plan: planLine?.price.plan ?? null,
          interval: planLine?.price.interval ?? null,
          inMoney:
            outcome === "paid" && (purpose === "period" || purpose === "change") && paidInMoney(invoice, planLines),
        },
      });
    }
    return { outcome: "facts", facts, identity, analysis: null };
  };
}

interface PlanLine {
  line: InvoiceLine;
  price: Price;
}

function findPlanLines(invoice: Invoice, subscription: string, findPrice: FindPrice): PlanLine[] {
  return invoice.lines.data.flatMap((line) => {
    const of = subscriptionOf(line);
    const id = line.pricing?.price_details?.price ?? line.price ?? line.plan;
    const price = id === null ? undefined : findPrice(id);
    return price === undefined || (of !== null && of !== subscription) ? [] : [{ line, price }];
  });
}

/** An event holds an invoice's first lines only; the plan's may be among the rest. */
function withoutPlanLine(invoice: Invoice, quarantined: (reason: string) => Normalized): Normalized {
  if (invoice.lines.has_more === true) return quarantined("truncated_lines");
  const { billing_reason: reason } = invoice;
  if (reason !== null && Object.hasOwn(SUBSCRIPTION_REASONS, reason)) return quarantined("unknown_price");
  return { outcome: "ignored", reason: "no_plan_line" };
}

type Charge = { purpose: PaymentFact["purpose"]; planLine: PlanLine | null } | { problem: string };

/** What an invoice's lines for one product pay for. The lines are not empty. */
function chargeFor(planLines: readonly PlanLine[], invoice: Invoice): Charge {
  const whole = planLines.filter(({ line }) => !isProration(line) && !isOneOff(line));
  const latest = whole.reduce<PlanLine | null>(
    (best, next) => (best === null || next.line.period.start > best.line.period.start ? next : best),
    null,
  );
  if (latest === null) {
    const planLine = proratedPlan(planLines.filter(({ line }) => isProration(line)));
    return { purpose: planLine === null ? "other" : "proration", planLine };
  }
  const reason = invoice.billing_reason ?? "";
  const purpose = Object.hasOwn(SUBSCRIPTION_REASONS, reason) ? SUBSCRIPTION_REASONS[reason] : undefined;
  if (purpose === undefined) return { purpose: "other", planLine: null };
  const rivals = whole.filter(({ line }) => line.period.start === latest.line.period.start);
  // Tiers of one price are lines of their own: only another price is a contradiction.
  if (rivals.some(({ price }) => price.plan !== latest.price.plan || price.interval !== latest.price.interval)) {
    return { problem: "ambiguous_plan_items" };
  }
  if (latest.line.period.end <= latest.line.period.start) return { problem: "invalid_period" };
  return { purpose, planLine: latest };
}

/**
 * The plan that was changed to: the one charged for more than was given back. After several changes in one invoice,
 * those in between are charged and given back again.
 */
function proratedPlan(prorations: readonly PlanLine[]): PlanLine | null {
  const net = ({ price }: PlanLine) =>
    prorations
      .filter((other) => other.price.plan === price.plan && other.price.interval === price.interval)
      .reduce((sum, { line }) => sum + line.amount, 0);
  const charged = prorations.filter((planLine) => planLine.line.amount > 0 && net(planLine) > 0);
  return charged.reduce<PlanLine | null>((best, next) => (best && net(best) >= net(next) ? best : next), null);
}

/**
 * Whether the whole price came in money: nothing discounted, nothing from a balance, a credit or a proration.
 * Taxes may come on top. What cannot be told counts as no.
 */
function paidInMoney(invoice: Invoice, planLines: readonly PlanLine[]): boolean {
  const price = planLines.reduce((sum, { line }) => sum + line.amount, 0);
  const { total } = invoice;
  return (
    price > 0 &&
    total !== null &&
    total >= price &&
    invoice.amount_due === total &&
    invoice.amount_paid === total &&
    invoice.starting_balance === 0 &&
    (invoice.ending_balance ?? 0) === 0 &&
    (invoice.pre_payment_credit_notes_amount ?? 0) === 0 &&
    [...(invoice.total_discount_amounts ?? []), ...(invoice.total_pretax_credit_amounts ?? [])].every(
      ({ amount }) => amount === 0,
    ) &&
    invoice.lines.has_more !== true &&
    invoice.lines.data.every((line) => !isProration(line) && line.amount >= 0) &&
    planLines.every(({ line }) => line.amount > 0)
  );
}

function subscriptionOf(line: InvoiceLine): string | null {
  const { parent } = line;
  return (
    parent?.subscription_item_details?.subscription ?? parent?.invoice_item_details?.subscription ?? line.subscription
  );
}

function isProration(line: InvoiceLine): boolean {
  const { parent } = line;
  return (
    line.proration ?? parent?.subscription_item_details?.proration ?? parent?.invoice_item_details?.proration ?? false
  );
}

/** An invoice item that somebody added by hand, at a plan's price perhaps: it opens no period. */
function isOneOff(line: InvoiceLine): boolean {
  return line.type === "invoiceitem" || line.parent?.type === "invoice_item_details";
}
