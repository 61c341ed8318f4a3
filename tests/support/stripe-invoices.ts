/** Stripe's invoices for the normalizer's tests: one subscription of Acme's mail, and the facts of its events. */
import {
  event,
  type InvoiceSpec,
  invoiceObject,
  type LineSpec,
  planPrice,
  type Shape,
} from "@/lib/sandbox/event-builders/stripe/events";
import { type Changes, normalized, withChanges } from "./normalized-stripe";

export const price = (plan: string) => planPrice({ product: "mail", plan, interval: "monthly" });
export const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });
export const START = 10_000_000;
export const END = 12_600_000;

export const line = (plan: string, change: Partial<LineSpec> = {}): LineSpec => ({
  id: `il_${plan}`,
  item: "si_1",
  price: price(plan),
  amount: price(plan).unitAmount,
  description: plan,
  periodStart: START,
  periodEnd: END,
  ...change,
});
export const proration = (plan: string, amount: number) =>
  line(plan, { amount, proration: true, periodStart: START + 500 });
export const BASE: InvoiceSpec = {
  id: "in_1",
  customer: "cus_1",
  subscription: "sub_1",
  billingReason: "subscription_cycle",
  lines: [line("silver")],
  created: START,
  periodStart: START - 2_600_000,
  periodEnd: START,
  status: "paid",
};

export function paid(spec: Partial<InvoiceSpec>, changes: Changes = {}, shape: Shape = "basil", type = "invoice.paid") {
  const object = withChanges(invoiceObject({ ...BASE, ...spec }, shape), changes);
  return normalized(event(type, object, undefined, { id: "evt_1", created: START + 2, shape }));
}

export function fact(...args: Parameters<typeof paid>) {
  const result = paid(...args);
  if (result.outcome !== "facts") throw new Error(result.outcome);
  return result.facts[0]?.fact;
}

export const PERIOD = { periodStart: START * 1000, periodEnd: END * 1000 };
export const NOTHING = { periodStart: null, periodEnd: null, plan: null, interval: null, paidInFull: false };
