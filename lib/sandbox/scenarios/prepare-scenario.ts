/**
 * Prepares a scenario: picks or creates the subscription, and builds the setup events that bring the user to the
 * scenario's first state. Pure except for the random ids of new events.
 */
import { randomBytes } from "node:crypto";
import { foldKnown } from "@/lib/billing/timeline/build-timeline";
import { DAY_MS, HOUR_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type { Fact, Instant, Interval, Processor, SubscriptionRecord } from "@/lib/billing/types";
import { type ProductId, paidPlans } from "@/lib/config/catalog";
import { findPlan, product as productOf } from "@/lib/config/current-catalog";
import type { RequestedPlan } from "./requests";
import type { Context, Scenario } from "./scenarios";
import {
  type DriverSpec,
  type EventToDeliver,
  type SubscriptionDriver,
  subscriptionDriver,
} from "./subscription-driver";

/** The facts of the user and product before the scenario. */
export interface UserFacts {
  userId: string;
  product: ProductId;
  facts: readonly Fact[];
  others: readonly Fact[];
  freeAnchor: Instant;
  /** The user's clock, never before the latest fact. */
  now: Instant;
  /** The user's linked customer at each processor. */
  customers: Partial<Record<Processor, string>>;
}

export interface PreparedScenario {
  /** Deliveries that bring the user to the scenario's first state. */
  setup: EventToDeliver[];
  context: Context;
  current: { plan: string; interval: Interval };
}

/** The age of a subscription that the setup creates. */
const AGE = 10 * DAY_MS;

interface Wanted {
  begins: Scenario["begins"];
  plan: RequestedPlan["plan"];
  interval: Interval | null;
  processor: Processor | null;
}

export function prepareScenario(known: UserFacts, wanted: Wanted): PreparedScenario {
  const clock = clockFrom(known.now);
  const live = liveSubscriptions(known);
  const record = highestPlan(known, live, wanted.processor);
  const usable = record !== null && isUsable(record, wanted.begins) ? record : null;
  // Other live subscriptions would change the result, so the setup ends them.
  const setup = live
    .filter((each) => each !== usable)
    .flatMap((each) => existingSubscription(known, each).end(clock.next()));
  const processor = wanted.processor ?? record?.processor ?? "stripe";
  if (usable?.plan && usable.interval) {
    const current = { plan: usable.plan, interval: usable.interval };
    const driver = existingSubscription(known, usable);
    return fromSubscription({ known, setup, clock, driver, current, status: usable.status }, wanted);
  }
  const interval = wanted.interval ?? "monthly";
  if (wanted.begins === "without_subscription") {
    const plan = wanted.plan ?? firstPaid(known.product);
    const price = { product: known.product, plan, interval } as const;
    return { setup, ...prepare(newSubscription(known, processor, price, clock.next(), "active"), price, plan, clock) };
  }
  // A trial begins on the requested plan; other scenarios begin on another plan, so that there is a plan to change.
  const requested = wanted.plan ?? firstPaid(known.product);
  const plan = wanted.begins === "trialing" || wanted.plan === null ? requested : otherPlan(known.product, requested);
  const current = { plan, interval };
  const startsAt = setup.length > 0 ? clock.next() : Math.max(known.now - AGE, latest(known.facts) + 2 * SECOND_MS);
  const status = wanted.begins === "trialing" ? "trialing" : "active";
  const driver = newSubscription(known, processor, { product: known.product, ...current }, startsAt, status);
  setup.push(...driver.begin());
  // Two starts a second apart would count as one.
  if (startsAt + HOUR_MS > known.now) clock.after(startsAt + HOUR_MS);
  return fromSubscription({ known, setup, clock, driver, current, status }, wanted);
}

interface Start {
  known: UserFacts;
  setup: EventToDeliver[];
  clock: Clock;
  driver: SubscriptionDriver;
  current: PreparedScenario["current"];
  status: SubscriptionRecord["status"];
}

/** Adds the events that bring a live subscription to the scenario's first state. */
function fromSubscription(
  { known, setup, clock, driver, current, status }: Start,
  { begins, plan }: Wanted,
): PreparedScenario {
  const owes = status === "past_due" || status === "unpaid";
  if (owes && begins === "active") setup.push(...driver.recoverPayment(clock.next()));
  if (!owes && begins === "past_due") {
    setup.push(...driver.renew(clock.after(driver.periodEnd())), ...driver.failRenewal(clock.next()));
  }
  if (plan !== current.plan || begins !== "active") {
    return { setup, ...prepare(driver, current, plan ?? otherPlan(known.product, current.plan), clock) };
  }
  const other = { ...current, plan: otherPlan(known.product, plan) };
  setup.push(...driver.changePlan(other.plan, clock.next()));
  return { setup, ...prepare(driver, other, plan, clock) };
}

function prepare(
  driver: SubscriptionDriver,
  current: PreparedScenario["current"],
  plan: string,
  clock: Clock,
): Omit<PreparedScenario, "setup"> {
  return {
    context: {
      driver,
      plan,
      otherInterval: current.interval === "monthly" ? "yearly" : "monthly",
      next: clock.next,
      renewal: () => clock.after(driver.periodEnd()),
    },
    current,
  };
}

type Clock = ReturnType<typeof clockFrom>;

/** Whole seconds, as Stripe counts them, each later than all before. */
function clockFrom(now: Instant) {
  let at = Math.floor(now / SECOND_MS) * SECOND_MS;
  const next = () => {
    at += SECOND_MS;
    return at;
  };
  return {
    next,
    after: (instant: Instant) => {
      at = Math.max(at + SECOND_MS, Math.ceil(instant / SECOND_MS) * SECOND_MS);
      return at;
    },
  };
}

function liveSubscriptions(known: UserFacts): SubscriptionRecord[] {
  const { records } = foldKnown(productOf(known.product), known);
  return records.filter(({ endedAt }) => endedAt === null);
}

/** The subscription with the highest plan, at the requested processor. */
function highestPlan(
  { product }: UserFacts,
  live: readonly SubscriptionRecord[],
  processor: Processor | null,
): SubscriptionRecord | null {
  const rank = ({ plan }: SubscriptionRecord) => (plan === null ? 0 : (findPlan(product, plan)?.rank ?? 0));
  const [first] = live
    .filter((record) => processor === null || record.processor === processor)
    .toSorted((a, b) => rank(b) - rank(a));
  return first ?? null;
}

/** Whether the scenario can use the subscription; otherwise the setup ends it and creates another. */
function isUsable(record: SubscriptionRecord, begins: Scenario["begins"]): boolean {
  if (begins === "without_subscription") return false;
  const { plan, interval, periodStart, periodEnd, status, cancelAt, collectionPaused, quantity, scheduled } = record;
  if (plan === null || interval === null || periodStart === null || periodEnd === null) return false;
  if (cancelAt !== null || collectionPaused || quantity !== 1 || scheduled !== null) return false;
  if (begins === "trialing") return status === "trialing";
  return status === "active" || status === "past_due" || status === "unpaid";
}

function existingSubscription(known: UserFacts, record: SubscriptionRecord): SubscriptionDriver {
  const { product, userId } = known;
  const { status, periodStart, periodEnd } = record;
  const startsAt = periodStart ?? known.now - AGE;
  return subscriptionDriver(record.processor, {
    id: record.subscription,
    name: newName(),
    userId,
    customer: known.customers[record.processor],
    price: { product, plan: record.plan ?? firstPaid(product), interval: record.interval ?? "monthly" },
    startsAt,
    ...(periodEnd !== null && { periodEnd }),
    status: status === "trialing" || status === "past_due" || status === "unpaid" ? status : "active",
  });
}

function newSubscription(
  { userId, customers }: UserFacts,
  processor: Processor,
  price: DriverSpec["price"],
  startsAt: Instant,
  status: "active" | "trialing",
): SubscriptionDriver {
  const name = newName();
  return subscriptionDriver(processor, {
    id: `sub_${name}`,
    name,
    userId,
    customer: customers[processor],
    price,
    startsAt: Math.floor(startsAt / SECOND_MS) * SECOND_MS,
    status,
  });
}

/** Part of every id; `sim` marks it as simulated. */
function newName(): string {
  return `sim${randomBytes(8).toString("hex")}`;
}

function latest(facts: readonly Fact[]): Instant {
  return facts.reduce((at, fact) => Math.max(at, fact.at), 0);
}

function firstPaid(product: ProductId): string {
  return paidPlans(productOf(product))[0] as string;
}

/** The next higher paid plan, or the next lower one if this is the highest. */
function otherPlan(product: ProductId, plan: string): string {
  const plans = paidPlans(productOf(product));
  const place = plans.indexOf(plan);
  return (plans[place + 1] ?? plans[place - 1] ?? firstPaid(product)) as string;
}
