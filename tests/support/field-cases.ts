/**
 * Cases from the field: events that a processor sent, use in between, and the right value. Each runs twice: through
 * normalizer and fold (lib/billing/timeline/cases.test.ts) and over HTTP on the production build (tests/http/cases-billing.test.ts).
 */
import { expect } from "vitest";
import { addMonths, DAY, MINUTE, SECOND } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import * as paddle from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import * as stripe from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";

export interface Answer {
  outcome: string;
  reason?: string | undefined;
  decision?: { action: string; reason: string } | null | undefined;
}

export interface UsageState {
  plan: string;
  status: string | null;
  used: number;
  limit: number;
  remaining: number;
}

/** The product under test, as a case sees it. */
export interface Field {
  userId: string;
  /** The time of the case: nothing before it is changed by what happens now. */
  now: number;
  stripe(event: stripe.StripeObject): Promise<Answer>;
  paddle(event: paddle.PaddleObject): Promise<Answer>;
  /** Uses so many words. */
  use(words: number): Promise<void>;
  /** The counter of the product: words of the writer, messages of the chatbots. */
  standing(product?: "writer" | "chatbots"): Promise<UsageState>;
}

export interface FieldCase {
  number: string;
  name: string;
  run: (field: Field) => Promise<void>;
}

const writer = (plan: string, interval: Interval = "monthly") =>
  stripe.planPrice({ product: "writer", plan, interval });
const growth = stripe.planPrice({ product: "chatbots", plan: "growth", interval: "monthly" });
const unlisted = { ...writer("ultra"), id: "price_negotiated", product: "prod_else", nickname: "Negotiated" };
const addOn = { ...unlisted, id: "price_storage", product: "prod_storage", unitAmount: 500 };
const sec = (at: number) => Math.floor(at / 1000);

/** A subscription of the writer at Stripe that began `ago` before now. */
function subscription(
  { userId, now }: Field,
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
function invoice(
  { userId }: Field,
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
const firstPaid = (field: Field, plan: string, ago: number, more: Partial<Bill> = {}) => {
  const start = field.now - ago;
  const bill = { at: start, start, end: addMonths(start, 1), price: writer(plan), ...more };
  return field.stripe(invoice(field, { billingReason: "subscription_create", ...bill }));
};

const CASES: FieldCase[] = [
  {
    number: "5",
    name: "Paddle takes one product's plan out of the complete list: that product ends",
    async run(field) {
      const both = [paddle.planPrice({ product: "writer", plan: "plus", interval: "monthly" })];
      const chatbots = paddle.planPrice({ product: "chatbots", plan: "growth", interval: "monthly" });
      const at = field.now - DAY;
      const period = { start: at, end: addMonths(at, 1) };
      const entity = (items: paddle.PriceSpec[], updatedAt: number) =>
        paddle.subscriptionEntity({
          id: `sub_${field.userId}`,
          customer: `ctm_${field.userId}`,
          items: items.map((price) => ({ price })),
          createdAt: at,
          updatedAt,
          period,
        });
      const event = (type: string, items: paddle.PriceSpec[], updatedAt: number) =>
        paddle.event(type, entity(items, updatedAt), { id: `evt_${field.userId}_${updatedAt}`, at: updatedAt });
      await field.paddle(event("subscription.created", [...both, chatbots], at));
      const transaction = paddle.transactionEntity({
        id: `txn_${field.userId}`,
        customer: `ctm_${field.userId}`,
        subscription: `sub_${field.userId}`,
        origin: "web",
        status: "completed",
        lines: [...both, chatbots].map((price) => ({ price, amount: price.unitAmount })),
        period,
        at,
      });
      await field.paddle(paddle.event("transaction.completed", transaction, { id: `evt_${field.userId}_paid`, at }));
      expect(await field.standing()).toMatchObject({ plan: "plus" });
      await field.paddle(event("subscription.updated", [chatbots], field.now - SECOND));
      expect(await field.standing()).toMatchObject({ plan: "free" });
      expect(await field.standing("chatbots")).toMatchObject({ plan: "growth" });
    },
  },
  {
    number: "6",
    name: "Stripe replaces one product's plan by an add-on of an unlisted price: that product ends",
    async run(field) {
      const { userId, now } = field;
      const items = [
        { id: `si_${userId}`, price: writer("plus") },
        { id: `si_${userId}_bots`, price: growth },
      ];
      const fake = subscription(field, "plus", DAY);
      await field.stripe(fake.created());
      await field.stripe(fake.changed({ items }, now - 3 * MINUTE));
      expect(await field.standing("chatbots")).toMatchObject({ plan: "growth" });
      const left = [items[1] as (typeof items)[number], { id: `si_${userId}_storage`, price: addOn }];
      await field.stripe(fake.changed({ items: left }, now - MINUTE));
      expect(await field.standing()).toMatchObject({ plan: "free" });
      expect(await field.standing("chatbots")).toMatchObject({ plan: "growth" });
    },
  },
  {
    number: "7",
    name: "A truncated item list without the plan says nothing about the plan",
    async run(field) {
      const { userId, now } = field;
      const others = Array.from({ length: 10 }, (_, index) => ({
        id: `si_${userId}_${index}`,
        price: { ...addOn, id: `price_addon_${index}` },
      }));
      const fake = subscription(field, "plus", DAY);
      await field.stripe(fake.created());
      const answer = await field.stripe(fake.changed({ items: others, moreItems: true }, now - MINUTE));
      expect(answer).toMatchObject({ outcome: "applied" });
      expect(await field.standing()).toMatchObject({ plan: "plus", status: "active" });
    },
  },
  {
    number: "10",
    name: "Two plan items: the higher counts, and what comes later is applied",
    async run(field) {
      const { userId, now } = field;
      const fake = subscription(field, "plus", 20 * DAY);
      await field.stripe(fake.created());
      await firstPaid(field, "plus", 20 * DAY);
      const items = [
        { id: `si_${userId}`, price: writer("plus") },
        { id: `si_${userId}_2`, price: writer("ultra") },
      ];
      expect(await field.stripe(fake.changed({ items }, now - 15 * DAY))).toMatchObject({ outcome: "applied" });
      expect(await field.standing()).toMatchObject({ plan: "ultra", limit: 35_000 });
      expect(await field.stripe(fake.changed({ status: "past_due" }, now - DAY))).toMatchObject({
        outcome: "applied",
      });
      expect(await field.standing()).toMatchObject({ status: "past_due" });
      expect(await field.stripe(fake.changed({ status: "paused" }, now - MINUTE))).toMatchObject({
        outcome: "applied",
      });
      expect(await field.standing()).toMatchObject({ plan: "free", status: "paused" });
    },
  },
  {
    number: "11",
    name: "A plan that moves to an unlisted price goes on and renews at it",
    async run(field) {
      const { userId, now } = field;
      const fake = subscription(field, "ultra", 40 * DAY);
      await field.stripe(fake.created());
      await firstPaid(field, "ultra", 40 * DAY, { price: writer("ultra") });
      const start = fake.periodEnd();
      const items = [{ id: `si_${userId}`, price: unlisted }];
      await field.stripe(fake.changed({ items }, now - 35 * DAY));
      const end = addMonths(start, 1);
      await field.stripe(fake.changed({ periodStart: sec(start), periodEnd: sec(end) }, start));
      const paid = invoice(field, { at: start + MINUTE, start, end, price: unlisted });
      expect(await field.stripe(paid)).toMatchObject({ decision: { reason: "Payment confirmed" } });
      expect(await field.standing()).toMatchObject({ plan: "ultra", status: "active", limit: 35_000 });
    },
  },
  {
    number: "12",
    name: "A cycle that restarts and is paid in full resets the usage",
    async run(field) {
      const { now } = field;
      const fake = subscription(field, "basic", 10 * DAY);
      await field.stripe(fake.created());
      await firstPaid(field, "basic", 10 * DAY);
      await field.use(5_000);
      const [start, end] = [now + 5 * SECOND, addMonths(now + 5 * SECOND, 1)];
      const restart = { billingCycleAnchor: sec(start), periodStart: sec(start), periodEnd: sec(end) };
      expect(await field.stripe(fake.changed(restart, start))).toMatchObject({
        decision: { action: "carry_over", reason: "Billing cycle restarted mid-period" },
      });
      const bill = { at: start, start, end, billingReason: "subscription_update" as const, price: writer("basic") };
      await field.stripe(invoice(field, bill));
      expect(await field.standing()).toMatchObject({ plan: "basic", used: 0, remaining: 5_000 });
    },
  },
  ...(["one cent off", "20 % off", "paid out of band"] as const).map(
    (how): FieldCase => ({
      number: "13",
      name: `A new subscription in the old paid period, its first invoice ${how}, is paid in full`,
      async run(field) {
        const { now } = field;
        const first = subscription(field, "basic", 10 * DAY);
        await field.stripe(first.created());
        await firstPaid(field, "basic", 10 * DAY);
        await field.use(5_000);
        await field.stripe(first.deleted(now + 2 * SECOND));
        const again = subscription(field, "basic", -5 * SECOND, { suffix: "_2" });
        await field.stripe(again.created());
        const price = writer("basic");
        const discount = { "one cent off": 1, "20 % off": Math.floor(price.unitAmount / 5), "paid out of band": 0 }[
          how
        ];
        await firstPaid(field, "basic", -5 * SECOND, {
          suffix: "_2",
          paidOutOfBand: how === "paid out of band",
          lines: [{ discount }],
        });
        expect(await field.standing()).toMatchObject({ plan: "basic", used: 0, remaining: 5_000 });
      },
    }),
  ),
  {
    number: "14",
    name: "A declined switch that was not made does not affect the plan that is held",
    async run(field) {
      const { now } = field;
      const fake = subscription(field, "plus", DAY);
      await field.stripe(fake.created());
      await firstPaid(field, "plus", DAY);
      await field.use(14_000);
      await field.stripe(fake.planChanged("ultra", now + 2 * SECOND));
      const start = now + 4 * SECOND;
      const declined = invoice(field, {
        at: start,
        start,
        end: addMonths(start, 12),
        type: "invoice.payment_failed",
        billingReason: "subscription_update",
        price: writer("ultra", "yearly"),
      });
      await field.stripe(declined);
      expect(await field.standing()).toMatchObject({ plan: "ultra", used: 14_000, remaining: 21_000 });
    },
  },
  {
    number: "15",
    name: "A failed attempt on a sent invoice before its due date is no debt",
    async run(field) {
      const { now } = field;
      const fake = subscription(field, "plus", 3 * DAY);
      const collectionMethod = "send_invoice" as const;
      const created = fake.created() as { data: { object: Record<string, unknown> } };
      Object.assign(created.data.object, { collection_method: collectionMethod, days_until_due: 30 });
      await field.stripe(created as unknown as stripe.StripeObject);
      const failed = await firstPaid(field, "plus", 3 * DAY, {
        at: now,
        type: "invoice.payment_failed",
        collectionMethod,
        dueDate: sec(now + 27 * DAY),
      });
      expect(failed).toMatchObject({ decision: { action: "preserve", reason: "Payment not due yet" } });
      expect(await field.standing()).toMatchObject({ plan: "plus", status: "active", limit: 15_000 });
    },
  },
  {
    number: "16",
    name: "A plan that the business moves to another subscription, trialing until the paid-through date, goes on",
    async run(field) {
      const { now } = field;
      const trialing = subscription(field, "plus", 24 * DAY, { status: "trialing", periodEnd: now - 10 * DAY });
      await field.stripe(trialing.created());
      await field.stripe(trialing.renewed({ status: "active" }));
      const [start, end] = [now - 10 * DAY, trialing.periodEnd()];
      await field.stripe(invoice(field, { at: start, start, end }));
      await field.use(9_000);
      const moved = subscription(field, "plus", -3 * SECOND, { suffix: "_2", status: "trialing", periodEnd: end });
      await field.stripe(moved.created());
      await field.stripe(trialing.deleted(now + 5 * SECOND));
      expect(await field.standing()).toMatchObject({ plan: "plus", status: "trialing", used: 9_000, remaining: 6_000 });
    },
  },
  ...(["an add-on's line", "a seat's proration"] as const).map(
    (what): FieldCase => ({
      number: "17",
      name: `An invoice with ${what} only is ignored`,
      async run(field) {
        const { userId, now } = field;
        const fake = subscription(field, "plus", 40 * DAY, { interval: "yearly" });
        const items = [
          { id: `si_${userId}`, price: writer("plus", "yearly") },
          { id: `si_${userId}_meter`, price: addOn },
        ];
        await field.stripe(fake.created());
        await field.stripe(fake.changed({ items }, now - 39 * DAY));
        const bill = { at: now - MINUTE, start: now - 40 * DAY, end: now - 10 * DAY, price: addOn };
        const reason = what === "an add-on's line" ? "subscription_cycle" : "subscription_update";
        const lines = [{ proration: what === "a seat's proration" }];
        const paid = invoice(field, { ...bill, item: `si_${userId}_meter`, billingReason: reason, lines });
        expect(await field.stripe(paid)).toMatchObject({ outcome: "ignored", reason: "no_plan_line" });
        expect(await field.standing()).toMatchObject({ plan: "plus", status: "active" });
      },
    }),
  ),
  {
    number: "18",
    name: "Paddle resumes with a new period and charges the whole of it, written as a proration of rate 1",
    async run(field) {
      const { userId, now } = field;
      const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
      const fake = fakePaddleSubscription({ id: `sub_${userId}`, price, startsAt: now - 10 * DAY });
      await field.paddle(fake.created());
      await field.paddle(fake.paid("web", now - 10 * DAY));
      await field.use(14_000);
      await field.paddle(fake.paused(now + 2 * SECOND));
      const [start, end] = [now + 4 * SECOND, addMonths(now + 4 * SECOND, 1)];
      const period = { start, end };
      await field.paddle(fake.changed({ status: "active", period, pausedAt: null }, start, "subscription.resumed"));
      await field.paddle(
        fake.paid("subscription_recurring", start, "transaction.completed", {
          period,
          lines: [
            {
              price: paddle.planPrice(price),
              amount: paddle.planPrice(price).unitAmount,
              proration: { rate: "1", ...period },
            },
          ],
        }),
      );
      expect(await field.standing()).toMatchObject({ plan: "plus", used: 0, remaining: 15_000 });
    },
  },
  {
    number: "19",
    name: "A test clock's renewal fails: the plan is kept for the days of grace of its own period",
    async run(field) {
      const { now } = field;
      const fake = subscription(field, "plus", 0);
      await field.stripe(fake.created());
      await firstPaid(field, "plus", 0);
      const start = fake.periodEnd();
      await field.stripe(fake.renewed({ at: now + MINUTE }));
      const failed = { type: "invoice.payment_failed", at: now + 80 * SECOND, start, end: fake.periodEnd() };
      await field.stripe(invoice(field, failed));
      await field.stripe(fake.changed({ status: "past_due" }, now + 90 * SECOND));
      expect(await field.standing()).toMatchObject({ plan: "plus", status: "past_due", limit: 15_000 });
    },
  },
  {
    number: "21",
    name: "A first charge that failed before the subscription became active has no effect",
    async run(field) {
      const { now } = field;
      const fake = subscription(field, "basic", DAY, { status: "incomplete" });
      await field.stripe(fake.created());
      await firstPaid(field, "basic", DAY, { type: "invoice.payment_failed" });
      await field.stripe(fake.changed({ status: "active" }, now - DAY + MINUTE));
      expect(await field.standing()).toMatchObject({ plan: "basic", limit: 5_000 });
    },
  },
  {
    number: "23",
    name: "A change of the interval with the same start is a plan change in the period",
    async run(field) {
      const { userId, now } = field;
      const fake = subscription(field, "plus", DAY);
      await field.stripe(fake.created());
      const items = [{ id: `si_${userId}`, price: writer("plus", "yearly") }];
      const yearly = { items, periodEnd: sec(addMonths(now - DAY, 12)) };
      expect(await field.stripe(fake.changed(yearly, now - MINUTE))).toMatchObject({
        decision: { action: "preserve", reason: "Plan change mid-cycle detected" },
      });
    },
  },
  {
    number: "24",
    name: "The first invoice of an accepted quote confirms the payment",
    async run(field) {
      await field.stripe(subscription(field, "plus", DAY).created());
      expect(await firstPaid(field, "plus", DAY, { billingReason: "quote_accept" })).toMatchObject({
        decision: { action: "preserve", reason: "Payment confirmed" },
      });
    },
  },
  ...(["mark_uncollectible", "keep_as_draft", "void"] as const).map(
    (behavior): FieldCase => ({
      number: "27",
      name: `A renewal while the collection is paused by ${behavior}`,
      async run(field) {
        const { now } = field;
        const fake = subscription(field, "basic", 28 * DAY, { periodEnd: now + 5 * SECOND });
        await field.stripe(fake.created());
        await firstPaid(field, "basic", 28 * DAY, { end: now + 5 * SECOND });
        await field.use(5_000);
        await field.stripe(fake.changed({ pauseCollection: { behavior, resumes_at: null } }, now + 2 * SECOND));
        await field.stripe(
          fake.changed({ periodStart: sec(now + 5 * SECOND), periodEnd: sec(now + 30 * DAY) }, now + 5 * SECOND),
        );
        expect(await field.standing()).toMatchObject({
          plan: "basic",
          used: 0,
          remaining: behavior === "void" ? 0 : 5_000,
        });
      },
    }),
  ),
];

export const FIELD_CASES: readonly FieldCase[] = CASES;
