/** Invoice events → payment facts, one for each product that the invoice charges for. */

import type { PaymentFact, UnlistedCharge } from "@/lib/billing/types";
import type { FindPrice, ListedPrice, Price, ProductId } from "@/lib/config/catalog";
import type { Normalized } from "../webhook-source";
import type { Handler, HandlerInput } from "./handler";
import { type Invoice, type InvoiceLine, invoiceIdentityOf, invoiceShape, readObject } from "./shape";

/** The invoices that a subscription generates. In others, a plan line is ignored. */
const SUBSCRIPTION_REASONS: Readonly<Record<string, "period" | "change">> = {
  subscription_create: "period",
  subscription_cycle: "period",
  // The first invoice of a subscription that began with an accepted quote.
  quote_accept: "period",
  subscription_update: "change",
  // The amount due reached a threshold, and the billing cycle may have restarted.
  subscription_threshold: "change",
};

/** Makes the handler of events about an invoice's payment. */
export function paymentHandler(outcome: PaymentFact["outcome"]): Handler {
  return (input, findPrice) => {
    const identity = invoiceIdentityOf(input.object);
    const quarantined = (reason: string): Normalized => ({ outcome: "quarantined", reason, identity });
    const { subscription } = identity;
    if (subscription === null) return { outcome: "ignored", reason: "no_subscription" };

    const read = readObject(invoiceShape, input.object);
    if (!read.ok) return quarantined(read.reason);
    const invoice = read.value;
    const lines = linesOf(invoice, subscription, findPrice);
    const planLines = lines.filter((line): line is PlanLine => line.price !== undefined);
    const paidInFull = outcome === "paid" && settledInFull(invoice);
    const isOwed = outcome === "paid" || isDue(invoice, input);
    const truncated = invoice.lines.has_more === true;
    const unlisted = lines
      .filter(({ price }) => price === undefined)
      .map((line) => ({ ...unlistedCharge(line, invoice, isOwed), paidInFull: paidInFull && isCharged(line.line) }));
    const origin = {
      kind: "payment" as const,
      id: `stripe:${input.id}:payment`,
      processor: "stripe" as const,
      subscription,
      at: input.at,
      outcome,
      ...(unlisted.length > 0 && { unlisted }),
      ...(truncated && { truncated: sharedPeriod(lines) }),
    };
    if (planLines.length === 0) {
      const none = { periodStart: null, periodEnd: null, plan: null, interval: null };
      const fact: PaymentFact = { ...origin, purpose: "other", ...none, paidInFull };
      if (!isOwed) return { outcome: "ignored", reason: "not_due" };
      if (!truncated && unlisted.every(({ purpose }) => purpose === "other")) {
        return { outcome: "ignored", reason: "no_plan_line" };
      }
      return { outcome: "unpriced", fact, identity, analysis: null };
    }

    const facts: { product: ProductId; fact: PaymentFact }[] = [];
    for (const product of new Set(planLines.map(({ price }) => price.product))) {
      const own = planLines.filter(({ price }) => price.product === product);
      const charge = chargeFor(own, invoice);
      if ("problem" in charge) return quarantined(charge.problem);
      const { planLine } = charge;
      // A failed attempt on a sent invoice is no debt before the due date.
      const purpose = isOwed ? charge.purpose : "not_due";
      const whole = purpose === "period" || purpose === "change";
      facts.push({
        product,
        fact: {
          ...origin,
          purpose,
          periodStart: planLine?.line.period.start ?? null,
          periodEnd: planLine?.line.period.end ?? null,
          plan: planLine?.price.plan ?? null,
          interval: planLine?.price.interval ?? null,
          paidInFull: paidInFull && whole && own.every(({ line }) => isCharged(line)),
        },
      });
    }
    return { outcome: "facts", facts, identity, analysis: null };
  };
}

/** Stripe charges a sent invoice only if the customer asks; before the due date nothing is owed. */
function isDue({ collection_method: method, due_date: due }: Invoice, { at }: HandlerInput): boolean {
  return method !== "send_invoice" || due === null || at >= due;
}

interface Line {
  line: InvoiceLine;
  /** undefined if the catalog does not list the line's price. */
  price: Price | undefined;
}
interface PlanLine extends Line {
  price: ListedPrice;
}

/** The lines of this subscription. */
function linesOf(invoice: Invoice, subscription: string, findPrice: FindPrice): Line[] {
  return invoice.lines.data.flatMap((line) => {
    const of = subscriptionOf(line);
    if (of !== null && of !== subscription) return [];
    const price = priceOf(line);
    return [{ line, price: price === null ? undefined : findPrice(price.id) }];
  });
}

function priceOf(line: InvoiceLine) {
  return line.pricing?.price_details?.price ?? line.price ?? line.plan;
}

/** A line with an unlisted price: an add-on, or a plan at a price that the catalog does not list. */
function unlistedCharge({ line }: Line, invoice: Invoice, isOwed: boolean): UnlistedCharge {
  const { parent } = line;
  const details = parent?.subscription_item_details ?? parent?.invoice_item_details;
  const price = priceOf(line);
  const valid = line.period.end > line.period.start;
  const purpose = !isCharged(line) ? "other" : isProration(line) ? "proration" : purposeOf(invoice);
  return {
    id: details?.subscription_item ?? line.subscription_item,
    product: line.pricing?.price_details?.product ?? price?.product ?? null,
    price: price?.id ?? null,
    purpose: isOneOff(line) && !isProration(line) ? "other" : isOwed || purpose === "other" ? purpose : "not_due",
    periodStart: valid ? line.period.start : null,
    periodEnd: valid ? line.period.end : null,
  };
}

/** The period that a truncated invoice charges for, if its lines agree. */
function sharedPeriod(lines: readonly Line[]): NonNullable<PaymentFact["truncated"]> {
  const none = { periodStart: null, periodEnd: null };
  const whole = lines.map(({ line }) => line).filter((line) => !isProration(line) && !isOneOff(line));
  const [first] = whole;
  if (first === undefined || first.period.end <= first.period.start) return none;
  const agree = whole.every(({ period }) => period.start === first.period.start && period.end === first.period.end);
  return agree ? { periodStart: first.period.start, periodEnd: first.period.end } : none;
}

function purposeOf({ billing_reason: reason }: Invoice): PaymentFact["purpose"] {
  return (reason !== null && Object.hasOwn(SUBSCRIPTION_REASONS, reason) && SUBSCRIPTION_REASONS[reason]) || "other";
}

type Charge = { purpose: PaymentFact["purpose"]; planLine: PlanLine | null } | { problem: string };

/** The charge of an invoice's lines for one product. The lines are not empty. */
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
  const purpose = purposeOf(invoice);
  if (purpose === "other") return { purpose, planLine: null };
  // Several lines of one period are tiers of one price, or two plan items. The payment covers the higher plan.
  const rank = ({ price }: PlanLine) => price.rank;
  const planLine = whole
    .filter(({ line }) => line.period.start === latest.line.period.start)
    .reduce((best, next) => (rank(next) > rank(best) ? next : best), latest);
  if (planLine.line.period.end <= planLine.line.period.start) return { problem: "invalid_period" };
  return { purpose, planLine };
}

/**
 * The new plan: the one with more charges than credits. After several changes in one invoice, the plans in between are both
 * charged and credited.
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
 * Whether the invoice was settled in full. Its total after discounts is more than 0, and was paid or declared paid by the
 * merchant (out of band). It contains no balance, credit or partial proration. Missing fields count as no.
 */
function settledInFull(invoice: Invoice): boolean {
  const { total } = invoice;
  return (
    total !== null &&
    total > 0 &&
    invoice.amount_due === total &&
    // `amount_paid` does not contain payments out of band.
    (invoice.amount_paid === total || invoice.status === "paid" || invoice.paid === true) &&
    invoice.starting_balance === 0 &&
    (invoice.ending_balance ?? 0) === 0 &&
    (invoice.pre_payment_credit_notes_amount ?? 0) === 0 &&
    (invoice.total_pretax_credit_amounts ?? []).every(({ type, amount }) => type === "discount" || amount === 0) &&
    invoice.lines.has_more !== true &&
    invoice.lines.data.every((line) => !isProration(line) && line.amount >= 0)
  );
}

/** Whether the line has a charge after its discounts. */
function isCharged({ amount, discount_amounts: discounts }: InvoiceLine): boolean {
  return (discounts ?? []).reduce((rest, discount) => rest - discount.amount, amount) > 0;
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

/** Whether the merchant added the invoice item by hand. It opens no period, even at a plan's price. */
function isOneOff(line: InvoiceLine): boolean {
  return line.type === "invoiceitem" || line.parent?.type === "invoice_item_details";
}
