/** The Stripe events of the billing cases: a subscription of the writer and its invoices. */
import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import * as stripe from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import type { CaseDriver } from "./case";

export const writer = (plan: string, interval: Interval = "monthly") =>
  stripe.planPrice({ product: "writer", plan, interval });
export const growth = stripe.planPrice({ product: "chatbots", plan: "growth", interval: "monthly" });
export const unlisted = { ...writer("ultra"), id: "price_negotiated", product: "prod_else", nickname: "Negotiated" };
export const addOn = { ...unlisted, id: "price_storage", product: "prod_storage", unitAmount: 500 };
export const sec = (at: number) => Math.floor(at / 1000);

/** A subscription of the writer at Stripe that began `ago` milliseconds before now. */
export function subscription(
  { userId, now }: CaseDriver,
  plan: string,
  ago: number,
  more: Partial<Parameters<typeof fakeStripeSubscription>[0]> & { interval?: Interval; suffix?: string } = {},
) {
  const { interval = "monthly", suffix = "", ...rest } = more;
  const id = `sub_${userId}${suffix}`;
  return fakeStripeSubscription({
    id,
    userId,
    price: { product: "writer", plan, interval },
    startsAt: now - ago,
    ...rest,
  });
}

interface Bill extends Partial<Omit<stripe.InvoiceSpec, "lines">> {
  at: number;
  start: number;
  end: number;
  price?: stripe.PriceSpec;
  item?: string;
  suffix?: string;
  type?: string;
  lines?: Partial<stripe.LineSpec>[];
}

/** An event about an invoice of the user's subscription. */
export function invoice(
  { userId }: CaseDriver,
  { at, start, end, suffix = "", type = "invoice.paid", lines = [{}], ...bill }: Bill,
) {
  const { price = writer("plus"), item = `si_${userId}${suffix}`, ...spec } = bill;
  const id = `${userId}${suffix}_${sec(at)}_${spec.billingReason ?? "cycle"}_${lines.length}`;
  const object = stripe.invoiceObject(
    {
      id: `in_${id}`,
      customer: `cus_${userId}${suffix}`,
      subscription: `sub_${userId}${suffix}`,
      metadata: { user_id: userId },
      billingReason: "subscription_cycle",
      created: sec(at),
      periodStart: sec(start),
      periodEnd: sec(start),
      status: type === "invoice.paid" ? "paid" : "open",
      ...spec,
      lines: lines.map((line, index) => ({
        id: `il_${id}_${index}`,
        item,
        price,
        amount: (line.price ?? price).unitAmount,
        description: price.nickname,
        periodStart: sec(start),
        periodEnd: sec(end),
        ...line,
      })),
    },
    "basil",
  );
  return stripe.event(type, object, undefined, { id: `evt_${id}_${type}`, created: sec(at) });
}

/** A subscription's first invoice, paid. */
export const firstPaid = (driver: CaseDriver, plan: string, ago: number, more: Partial<Bill> = {}) => {
  const start = driver.now - ago;
  const bill = { at: start, start, end: addMonths(start, 1), price: writer(plan), ...more };
  return driver.stripe(invoice(driver, { billingReason: "subscription_create", ...bill }));
};
