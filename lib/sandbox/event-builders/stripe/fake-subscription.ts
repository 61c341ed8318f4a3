/**
 * One fake Stripe subscription: each method changes it and returns the event that Stripe would send. Demo data,
 * simulation and tests deliver these events through the real webhook path.
 */

import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import {
  diff,
  event,
  type InvoiceSpec,
  invoiceObject,
  planPrice,
  type Shape,
  type StripeObject,
  type SubscriptionSpec,
  subscriptionObject,
} from "./events";

export interface FakeStripeSubscriptionSpec {
  id: string;
  userId: string;
  price: Price;
  startsAt: Instant;
  status?: SubscriptionSpec["status"];
  shape?: Shape;
  /** Added to the user's id. */
  metadata?: Record<string, string>;
  /** By default a customer of its own. */
  customer?: string | undefined;
  /** The end of the first period; by default an interval after `startsAt`. */
  periodEnd?: Instant;
  /**
   * `wall`: as on a Stripe test clock that runs ahead. Periods follow the test clock, and events have real time: here
   * one second per event from `startsAt` on.
   */
  eventTime?: "clock" | "wall";
  /** Part of the ids of its events and invoices; by default the subscription's id. */
  name?: string;
}

interface Renewal {
  plan?: string;
  at?: Instant;
  /** By default the current one; a converted trial becomes active. */
  status?: SubscriptionSpec["status"];
}

export type FakeStripeSubscription = ReturnType<typeof fakeStripeSubscription>;

/** Begins a subscription; instants in milliseconds, kept in Stripe's whole seconds. */
export function fakeStripeSubscription({
  id,
  userId,
  price,
  startsAt,
  status = "active",
  shape = "basil",
  metadata = {},
  customer = `cus_${id.slice(4)}`,
  periodEnd,
  eventTime = "clock",
  name = id.slice(4),
}: FakeStripeSubscriptionSpec) {
  let anchor = seconds(startsAt);
  let held = price;
  let events = 0;
  let invoices = 0;
  let months = price.interval === "yearly" ? 12 : 1;
  let spec: SubscriptionSpec = {
    id,
    customer,
    items: [{ id: `si_${id.slice(4)}`, price: planPrice(price) }],
    created: anchor,
    periodStart: anchor,
    periodEnd: seconds(periodEnd ?? addMonths(startsAt, months)),
    status,
    metadata: { user_id: userId, ...metadata },
  };

  function send(type: string, object: StripeObject, at: Instant, previous?: StripeObject) {
    const created = eventTime === "wall" ? seconds(startsAt) + events : seconds(at);
    events += 1;
    return event(type, object, previous, { id: `evt_${name}_${events}`, created, shape });
  }

  /** `customer.subscription.updated` with the difference that `changes` make. */
  function changed(changes: Partial<SubscriptionSpec>, at: Instant) {
    const before = subscriptionObject(spec, shape);
    spec = { ...spec, ...changes };
    const after = subscriptionObject(spec, shape);
    return send("customer.subscription.updated", after, at, diff(before, after));
  }

  /** An invoice over the whole current period. */
  function invoice(billingReason: InvoiceSpec["billingReason"], type: string, paid: boolean, at: Instant) {
    invoices += 1;
    const [item] = spec.items as [SubscriptionSpec["items"][number]];
    const object = invoiceObject(
      {
        id: `in_${name}_${invoices}`,
        customer: spec.customer,
        subscription: id,
        metadata: spec.metadata,
        billingReason,
        created: seconds(at),
        // A cycle invoice names the period that ended; the charged period is in its lines.
        periodStart: spec.periodStart,
        periodEnd: spec.periodStart,
        status: paid ? "paid" : "open",
        lines: [
          {
            id: `il_${name}_${invoices}`,
            item: item.id,
            price: item.price,
            amount: item.price.unitAmount,
            description: item.price.nickname,
            periodStart: spec.periodStart,
            periodEnd: spec.periodEnd,
          },
        ],
      },
      shape,
    );
    return send(type, object, at);
  }

  return {
    /** The end of the current period. */
    periodEnd: (): Instant => spec.periodEnd * 1000,
    created: () => send("customer.subscription.created", subscriptionObject(spec, shape), startsAt),
    changed,
    /** A plan change within the period. */
    planChanged: (plan: string, at: Instant) => {
      held = { ...held, plan };
      return changed(
        { items: [{ ...(spec.items[0] as SubscriptionSpec["items"][number]), price: planPrice(held) }] },
        at,
      );
    },
    /** A change of the interval: a new period from `at` on. */
    intervalSwitched: (interval: Price["interval"], at: Instant) => {
      held = { ...held, interval };
      const [item] = spec.items as [SubscriptionSpec["items"][number]];
      anchor = seconds(at);
      months = interval === "yearly" ? 12 : 1;
      return changed(
        {
          billingCycleAnchor: anchor,
          periodStart: anchor,
          periodEnd: seconds(addMonths(at, months)),
          items: [{ ...item, price: planPrice(held) }],
        },
        at,
      );
    },
    /** The next period, before its charge, as Stripe sends it: still active. `plan` changes with it. */
    renewed: ({ plan = held.plan, at, status = spec.status }: Renewal = {}) => {
      held = { ...held, plan };
      const [item] = spec.items as [SubscriptionSpec["items"][number]];
      const periodStart = spec.periodEnd;
      months += held.interval === "yearly" ? 12 : 1;
      const end = seconds(addMonths(anchor * 1000, months));
      return changed(
        { periodStart, periodEnd: end, status, items: [{ ...item, price: planPrice(held) }] },
        at ?? periodStart * 1000,
      );
    },
    paid: (
      billingReason: InvoiceSpec["billingReason"],
      at: Instant,
      type: "invoice.paid" | "invoice.payment_succeeded" = "invoice.paid",
    ) => invoice(billingReason, type, true, at),
    paymentFailed: (billingReason: InvoiceSpec["billingReason"], at: Instant) =>
      invoice(billingReason, "invoice.payment_failed", false, at),
    deleted: (at: Instant) => {
      spec = { ...spec, status: "canceled", endedAt: seconds(at), canceledAt: seconds(at) };
      return send("customer.subscription.deleted", subscriptionObject(spec, shape), at);
    },
  };
}

function seconds(at: Instant): number {
  return Math.floor(at / 1000);
}
