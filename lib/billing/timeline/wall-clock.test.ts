/**
 * Stripe's test clocks: the periods are the clock's, the events carry real time. A whole history then fits into seconds
 * that lie before most of its periods.
 *
 * The time of a change, a debt or an end inside its period is unknown: each counts from the period's start. So the
 * comparisons use histories with values that do not depend on it. Every history converges.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { ACTIONS, type Action } from "@/tests/support/billing-simulator/actions";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { BillingSimulator } from "@/tests/support/billing-simulator/simulator";
import { normalized } from "@/tests/support/normalized-stripe";
import type { Fact, ProcessorFact } from "../types";
import { usageAt } from "../usage-at";
import { fold } from "./build-timeline";
import { addMonths, DAY_MS, SECOND_MS } from "./calendar";

const BEGIN = Date.UTC(2026, 0, 31, 12);
const RUNS = Number(process.env.QUOTA_RUNS ?? 3_000);
const TIMEOUT = 900_000;
/** One subscription that is paid and continues. */
const CONTINUING = [
  "hour",
  "day",
  "tenDays",
  "toPeriodEnd",
  "subscribeLow",
  "subscribeHigh",
  "subscribeYearly",
  "upgradeInvoiced",
  "upgradeProrated",
  "upgradePendingIfIncomplete",
  "downgrade",
  "switchInterval",
  "restartFull",
  "coupon",
  "changeListing",
  "truncatedUpdate",
  "use",
  "useHalf",
] as const satisfies readonly Action[];
/** A switch carries over a share of the old period, which depends on the instants of the changes in it. */
const IN_ITS_PERIODS = CONTINUING.filter((action) => action !== "switchInterval");
const WITH_ENDS = [
  ...CONTINUING,
  "trial",
  "trialByBusiness",
  "endTrial",
  "extendTrial",
  "cancel",
  "cancelAtPeriodEnd",
  "collectVoid",
  "collectWaived",
  "collectOn",
] as const satisfies readonly Action[];

/** The facts in their order, from the beginning on; `perSecond` instants of the clock share a second. */
function onWall(facts: readonly ProcessorFact[], perSecond = 1): ProcessorFact[] {
  const instants = [...new Set(facts.map(({ at }) => at))].sort((a, b) => a - b);
  const seconds = new Map(instants.map((at, index) => [at, BEGIN + Math.floor(index / perSecond) * SECOND_MS]));
  return facts.map((fact) => ({ ...fact, at: seconds.get(fact.at) as number }));
}

/** A processor with a test clock, and a gate that runs on real time. */
class WallClockSimulator extends BillingSimulator {
  private wallNow(): number {
    return BEGIN + new Set(this.facts.map(({ at }) => at)).size * SECOND_MS;
  }

  override usage() {
    return usageAt(TEST_PRODUCT, fold(TEST_PRODUCT, onWall(this.facts), BEGIN), this.ledger, this.wallNow());
  }

  override apply(action: Action): boolean {
    const before = this.ledger.length;
    const done = super.apply(action);
    const use = this.ledger[before];
    // As the gate writes it: no earlier than its window.
    if (use) use.at = Math.max(this.wallNow(), this.usage().window.start);
    return done;
  }
}

function simulate<W extends BillingSimulator>(simulator: W, actions: readonly Action[]): W {
  for (const action of actions) simulator.apply(action);
  return simulator;
}

const anyActions = (of: readonly Action[]) => fc.array(fc.constantFrom(...of), { minLength: 2, maxLength: 12 });
const greedy = (actions: readonly Action[]) => actions.flatMap((action): Action[] => [action, "use"]);

function usageOf(simulator: BillingSimulator, facts: readonly ProcessorFact[], later = 0) {
  return usageAt(TEST_PRODUCT, fold(TEST_PRODUCT, facts, BEGIN), simulator.ledger, simulator.now + later);
}

test(
  "events in real time give the same plan, status and limits as events in the clock's time",
  () => {
    fc.assert(
      fc.property(anyActions(WITH_ENDS), (actions) => {
        const simulator = simulate(new BillingSimulator(), actions);
        const [clock, wall] = [usageOf(simulator, simulator.facts), usageOf(simulator, onWall(simulator.facts))];
        // Of several subscriptions without an entitlement, the free plan shows the one that ended last.
        const shown = ({ entitlementPeriod: { plan, status }, limits }: typeof clock) => ({
          plan,
          status: plan === "free" ? null : status,
          limits,
        });
        expect(shown(wall)).toEqual(shown(clock));
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "events in real time give the same usage of a subscription that continues in its periods",
  () => {
    fc.assert(
      fc.property(anyActions(IN_ITS_PERIODS), (actions) => {
        const simulator = simulate(new BillingSimulator(), actions);
        const [clock, wall] = [usageOf(simulator, simulator.facts), usageOf(simulator, onWall(simulator.facts))];
        expect({ used: wall.used, remaining: wall.remaining }).toEqual({
          used: clock.used,
          remaining: clock.remaining,
        });
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "no history in real time gives more usage than was paid for",
  () => {
    fc.assert(
      fc.property(anyActions(CONTINUING), fc.boolean(), (actions, all) => {
        const simulator = simulate(new WallClockSimulator(), all ? greedy(actions) : actions);
        expect(simulator.acceptedUsage()).toBeLessThanOrEqual(simulator.usageBound());
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test(
  "every order of deliveries, with duplicates, ends in one state, also with several events in a second",
  () => {
    const random = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(anyActions(ACTIONS), fc.integer({ min: 1, max: 12 }), random, (actions, perSecond, order) => {
        const simulator = simulate(new BillingSimulator(), actions);
        const facts = onWall(simulator.facts, perSecond);
        const state = (all: readonly ProcessorFact[]) =>
          JSON.stringify([
            fold(TEST_PRODUCT, all, BEGIN),
            ...[0, 31 * DAY_MS, 200 * DAY_MS].map((later) => usageOf(simulator, all, later)),
          ]);
        const shuffled = [...facts, ...facts]
          .map((fact) => ({ fact, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ fact }) => fact);
        expect(state(shuffled)).toBe(state(facts));
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT,
);

test("a trial that was upgraded before its period began keeps the limits of the plan it began with", () => {
  const simulator = simulate(new BillingSimulator(), ["hour", "trial", "upgradeInvoiced"]);
  expect(usageOf(simulator, simulator.facts)).toMatchObject({
    entitlementPeriod: { plan: "high" },
    limits: { units: 100 },
  });
  expect(usageOf(simulator, onWall(simulator.facts))).toMatchObject({
    entitlementPeriod: { plan: "high" },
    limits: { units: 100 },
  });
});

test.each(["clock", "wall"] as const)(
  "a subscription of three months with a failed renewal, on %s time",
  (eventTime) => {
    const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
    const fake = fakeStripeSubscription({ id: "sub_1", userId: "u", price, startsAt: BEGIN, eventTime });
    const second = addMonths(BEGIN, 1);
    const third = addMonths(BEGIN, 2);
    const events = [
      fake.created(),
      fake.paid("subscription_create", BEGIN),
      fake.renewed(),
      fake.paid("subscription_cycle", second + DAY_MS / 24),
      fake.planChanged("titanium", second + 10 * DAY_MS),
      fake.renewed(),
      fake.paymentFailed("subscription_cycle", third + DAY_MS / 24),
      fake.changed({ status: "past_due" }, third + DAY_MS / 24),
    ];
    const created = events.map((event) => Number(event.created) * SECOND_MS);
    if (eventTime === "wall") expect(created).toEqual(created.map((_, index) => BEGIN + index * SECOND_MS));
    const facts = events.flatMap((event): Fact[] => {
      const result = normalized(event);
      if (result.outcome !== "facts") throw new Error(result.outcome);
      return result.facts.map(({ fact }) => fact);
    });
    const at = (now: number) => {
      const ledger = [
        { at: second + DAY_MS, field: "stamps_used", amount: 15_000 },
        { at: third + DAY_MS, field: "stamps_used", amount: 700 },
      ];
      const mail = product("mail");
      const { entitlementPeriod, used, remaining } = usageAt(mail, fold(mail, facts, 0), ledger, now);
      return {
        plan: entitlementPeriod.plan,
        status: entitlementPeriod.status,
        used: used.stamps_used,
        remaining: remaining.stamps_used,
      };
    };
    // The renewal credited 15,000, which are withheld while it is owed; the plan continues for the days of grace.
    expect(at(third + 2 * DAY_MS)).toEqual({
      plan: "titanium",
      status: "past_due",
      used: 700,
      remaining: 35_000 - 700 - 15_000,
    });
    expect(at(third + 8 * DAY_MS)).toMatchObject({ plan: "free", status: "past_due" });
  },
);
