import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { priceLists, product } from "@/lib/config/current-catalog";
import { stripe } from "@/lib/processors/stripe";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import type { Fact, Instant } from "../types";
import { decide, fold, newFlags } from "./build-timeline";
import { DAY_MS, HOUR_MS } from "./calendar";

const START = Date.parse("2026-01-31T09:00:00Z");
const ROW_MADE = START - 3 * DAY_MS;
const { find } = priceLists("stripe", {}, { sandbox: true });

function factsOf(event: StripeObject): Fact[] {
  const parsed = stripe.parse(Buffer.from(JSON.stringify(event)));
  if (!parsed.ok) throw new Error(parsed.reason);
  const normalized = stripe.normalize(parsed.event, find);
  return normalized.outcome === "facts" ? normalized.facts.map(({ fact }) => fact) : [];
}

const silver = { product: "mail", plan: "silver", interval: "monthly" } as const;
const play = (id = "sub_one", startsAt = START) => fakeStripeSubscription({ id, userId: "u", price: silver, startsAt });
const span = (start: Instant, end: Instant) => ({ periodStart: start / 1000, periodEnd: end / 1000 });
const timelineOf = (events: StripeObject[]) => fold(product("mail"), events.flatMap(factsOf), ROW_MADE);
const at = (timeline: ReturnType<typeof fold>, instant: Instant) =>
  timeline.entitlementPeriods.findLast(({ start }) => start <= instant);

/** The next change of a subscription, as numbers that fast-check can shrink. */
const step = fc.tuple(
  fc.constantFrom("upgrade", "downgrade", "renew", "renewWithPlan", "pay", "fail", "cancel"),
  fc.nat(20),
);

function replaySubscription(steps: [string, number][]): StripeObject[] {
  const fake = play();
  const events = [fake.created()];
  let now = START;
  for (const [kind, hours] of steps) {
    // Sometimes several changes share a second.
    now += hours < 6 ? 0 : hours * HOUR_MS;
    if (kind === "upgrade") events.push(fake.planChanged("titanium", now));
    if (kind === "downgrade") events.push(fake.planChanged("bronze", now));
    if (kind === "pay") events.push(fake.paid("subscription_cycle", now));
    if (kind === "fail") events.push(fake.paymentFailed("subscription_cycle", now));
    if (kind === "renew" || kind === "renewWithPlan") {
      now = Math.max(now, fake.periodEnd());
      events.push(fake.renewed({ at: now, ...(kind === "renewWithPlan" && { plan: "bronze" }) }));
    }
    if (kind === "cancel") {
      events.push(fake.deleted(now));
      break;
    }
  }
  return events;
}

test("every order of deliveries, with duplicates, gives the same timeline", () => {
  const deliveries = fc
    .array(step, { minLength: 1, maxLength: 6 })
    .map(replaySubscription)
    .chain((events) =>
      fc.record({
        events: fc.constant(events),
        delivered: fc
          .tuple(
            fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
            fc.subarray(events),
          )
          .map(([all, again]) => [...all, ...again]),
      }),
    );
  fc.assert(
    fc.property(deliveries, ({ events, delivered }) => {
      expect(timelineOf(delivered)).toEqual(timelineOf(events));
    }),
    { numRuns: 500 },
  );
});

test("each period opens once, and each entitlement period ends at the start of the next", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 7 }).map(replaySubscription), (events) => {
      const { periods, entitlementPeriods: segments, transitions: openings } = timelineOf(events);
      expect(new Set(periods.map(({ start }) => start)).size).toBe(periods.length);
      for (const [index, segment] of segments.entries()) {
        expect(segment.end).toBe(segments[index + 1]?.start ?? null);
      }
      for (const { window, at: opensAt } of openings) {
        expect(opensAt).toBeGreaterThanOrEqual(window.start);
        expect(opensAt).toBeLessThan(window.end);
      }
    }),
  );
});

describe("the decision of one delivery", () => {
  test("a renewal with subscription.updated, invoice.paid and invoice.payment_succeeded resets once", () => {
    const fake = play();
    const created = [fake.created()];
    const paidAt = fake.periodEnd() + HOUR_MS;
    const renewal = [
      fake.renewed(),
      fake.paid("subscription_cycle", paidAt),
      fake.paid("subscription_cycle", paidAt, "invoice.payment_succeeded"),
    ];
    for (const order of [renewal, renewal.toReversed()]) {
      const known = [...created];
      const actions = order.map((event) => {
        const before = timelineOf(known);
        known.push(event);
        return decide(before, timelineOf(known), factsOf(event)).action;
      });
      expect(actions).toEqual(["reset", "preserve", "preserve"]);
    }
  });

  test("a payment without a snapshot opens the period, and the later snapshot changes nothing", () => {
    const fake = play();
    const created = fake.created();
    const renewed = fake.renewed();
    const paid = fake.paid("subscription_cycle", START + 60 * DAY_MS);
    const before = timelineOf([created]);
    const after = timelineOf([created, paid]);
    expect(decide(before, after, factsOf(paid))).toEqual({
      action: "reset",
      reason: "Payment for a new billing period",
    });
    expect(decide(after, timelineOf([created, paid, renewed]), factsOf(renewed)).action).toBe("preserve");
  });
});

test("a delivery raises only the flags of its own event", () => {
  const old = play("sub_old");
  const young = play("sub_young", START + 2 * DAY_MS);
  const known = [old.created(), young.created()];
  const backwards = old.changed({ ...span(START - 9 * DAY_MS, START - DAY_MS) }, START + 3 * DAY_MS);
  expect(newFlags(timelineOf(known), timelineOf([...known, backwards]))).toEqual([
    { kind: "period_moved_backwards", source: "stripe:sub_old", at: START + 3 * DAY_MS },
  ]);
});

describe("the entitlement of a user", () => {
  test("is the free plan if no event arrives for seven days after the period's end", () => {
    const fake = play();
    const timeline = timelineOf([fake.created()]);
    expect(at(timeline, fake.periodEnd() + 7 * DAY_MS - 1)).toMatchObject({ plan: "silver" });
    expect(at(timeline, fake.periodEnd() + 7 * DAY_MS)).toMatchObject({ plan: "free", source: "free" });
  });

  test("is the plan without withheld quota for seven days past due, then the free plan", () => {
    const fake = play();
    const events = [fake.created(), fake.renewed()];
    const failedAt = fake.periodEnd() - 29 * DAY_MS;
    events.push(fake.changed({ status: "past_due" }, failedAt));
    const timeline = timelineOf(events);
    expect(at(timeline, failedAt)).toMatchObject({ plan: "silver", status: "past_due", withheld: true });
    expect(at(timeline, failedAt + 7 * DAY_MS)).toMatchObject({ plan: "free", status: "past_due" });
    expect(timeline.transitions.find(({ at: opened }) => opened === START + 28 * DAY_MS)).toMatchObject({
      unpaid: true,
    });
  });

  test("has the last paid plan's limits after a failed upgrade charge, also when active again", () => {
    const fake = play();
    const day = (n: number) => START + n * DAY_MS;
    const events = [fake.created(), fake.paid("subscription_create", START)];
    events.push(fake.planChanged("titanium", day(5)));
    expect(at(timelineOf(events), day(6))).toMatchObject({ plan: "titanium", limitPlan: "titanium" });
    events.push(fake.changed({ status: "past_due" }, day(6)), fake.changed({ status: "active" }, day(7)));
    expect(at(timelineOf(events), day(8))).toMatchObject({ plan: "titanium", limitPlan: "silver" });
    events.push(fake.paid("subscription_cycle", day(9)));
    expect(at(timelineOf(events), day(10))).toMatchObject({ plan: "titanium", limitPlan: "titanium" });
  });

  test("has the last paid plan's limits if the charges of an upgrade and of the next renewal fail", () => {
    const fake = play();
    const events = [fake.created(), fake.paid("subscription_create", START)];
    events.push(fake.planChanged("titanium", START + 5 * DAY_MS));
    events.push(fake.paymentFailed("subscription_update", START + 5 * DAY_MS + HOUR_MS));
    const renewedAt = fake.periodEnd();
    events.push(fake.renewed(), fake.paymentFailed("subscription_cycle", renewedAt + HOUR_MS));
    events.push(fake.changed({ status: "past_due" }, renewedAt + HOUR_MS));
    expect(at(timelineOf(events), renewedAt)).toMatchObject({ plan: "titanium", limitPlan: "silver" });
    expect(at(timelineOf(events), renewedAt + 2 * HOUR_MS)).toMatchObject({ status: "past_due", limitPlan: "silver" });
  });

  test("has the plan's limits if the first period became active after `incomplete`, which counts as paid", () => {
    const year = 366 * DAY_MS;
    const events = [0, year].flatMap((after, index) => {
      const spec = { id: `sub_${index}`, userId: "u", price: silver, startsAt: START + after } as const;
      const fake = fakeStripeSubscription({ ...spec, status: "incomplete" });
      const created = fake.created();
      const begun = fake.changed({ status: "active" }, START + after + 30_000);
      return [created, begun, fake.deleted(START + after + 10 * DAY_MS)];
    });
    const timeline = timelineOf(events);
    expect(at(timeline, START + year + DAY_MS)).toMatchObject({ plan: "silver", limitPlan: "silver", withheld: false });
  });

  test("is the free plan in a second trial from our checkout, and the plan in an extended trial", () => {
    const metadata = { trial_source: "checkout" };
    const trial = { userId: "u", price: silver, status: "trialing", metadata } as const;
    const first = fakeStripeSubscription({ ...trial, id: "sub_a", startsAt: START });
    const again = first.created();
    const extended = first.renewed();
    expect(at(timelineOf([again, extended]), START + 29 * DAY_MS)).toMatchObject({
      plan: "silver",
      status: "trialing",
    });

    const second = fakeStripeSubscription({ ...trial, id: "sub_b", startsAt: START + 40 * DAY_MS });
    const timeline = timelineOf([again, first.deleted(START + DAY_MS), second.created()]);
    expect(at(timeline, START + 41 * DAY_MS)).toMatchObject({ plan: "free", status: "trialing" });
    expect(timeline.flags).toContainEqual({ kind: "trial_refused", source: "stripe:sub_b", at: START + 40 * DAY_MS });
    const begun = timelineOf([again, second.created(), second.changed({ status: "active" }, START + 45 * DAY_MS)]);
    expect(at(begun, START + 46 * DAY_MS)).toMatchObject({ plan: "silver", status: "active" });
  });

  test("has the paid plan's limits in a trial added to a paid period, until its upgrade is paid", () => {
    const fake = play();
    const added = START + 5 * DAY_MS;
    const events = [fake.created(), fake.paid("subscription_create", START)];
    events.push(fake.changed({ status: "trialing", ...span(added, added + 10 * DAY_MS) }, added));
    events.push(fake.planChanged("titanium", added + DAY_MS));
    const timeline = timelineOf(events);
    expect(at(timeline, added + 2 * DAY_MS)).toMatchObject({
      plan: "titanium",
      limitPlan: "silver",
      status: "trialing",
    });
    expect(timeline.periods).toMatchObject([{ paid: true, trial: false, end: added + 10 * DAY_MS }]);
  });

  test("is the other subscription's plan after one of two subscriptions ends", () => {
    const old = play("sub_old");
    const young = play("sub_young", START + 2 * DAY_MS);
    const ended = START + 4 * DAY_MS;
    const timeline = timelineOf([old.created(), young.created(), old.deleted(ended)]);
    expect(at(timeline, ended)).toMatchObject({ plan: "silver", source: "stripe:sub_young" });
    expect(timeline.flags).toMatchObject([{ kind: "two_live_subscriptions", source: "stripe:sub_young" }]);
  });

  test("carries usage over after a resubscription inside a paid period, until that is paid in money", () => {
    const old = play("sub_old");
    const again = play("sub_again", START + 10 * DAY_MS);
    const events = [
      old.created(),
      old.paid("subscription_create", START),
      old.deleted(START + 9 * DAY_MS),
      again.created(),
    ];
    const opening = (timeline: ReturnType<typeof fold>) =>
      timeline.transitions.find(({ window }) => window.source === "stripe:sub_again");
    // The old plan was active for 9 of the 28 days from Jan 31 to Feb 28: 15,000 * 9/28.
    expect(opening(timelineOf(events))).toMatchObject({
      kind: "carry_over",
      reason: "Resubscribed within a paid period",
      share: { stamps_used: 4_821, parcels_sent: 192 },
    });
    events.push(again.paid("subscription_create", START + 10 * DAY_MS));
    expect(opening(timelineOf(events))).toMatchObject({ kind: "reset" });
  });
});
