/**
 * Sets the stage: whose part is played, from where in its story, and what must be played first so that the user has
 * what the scenario begins with. Pure, but for the names of new events.
 */
import { randomBytes } from "node:crypto";
import { fold } from "@/lib/billing/timeline/build-timeline";
import { DAY, HOUR, SECOND } from "@/lib/billing/timeline/calendar";
import { sharedFacts } from "@/lib/billing/timeline/plan-items";
import type { Fact, Instant, Interval, Processor, SubscriptionRecord } from "@/lib/billing/types";
import { freePlan, type ProductId } from "@/lib/config/catalog";
import { findPlan, product as productOf } from "@/lib/config/current-catalog";
import { type Part, type Player, player, type Told } from "./player";
import type { Asked } from "./requests";
import type { Scenario, Telling } from "./scenarios";

/** What is known of the user and product before anything is played. */
export interface Known {
  userId: string;
  product: ProductId;
  facts: readonly Fact[];
  others: readonly Fact[];
  freeAnchor: Instant;
  /** The user's clock, never before the latest news. */
  now: Instant;
  /** The user's customer at each processor, where one is linked. */
  customers: Partial<Record<Processor, string>>;
}

export interface Stage {
  /** Deliveries that bring the user to the scenario's beginning; none where they are there. */
  setup: Told[];
  telling: Telling;
  held: { plan: string; interval: Interval };
}

/** How long a subscription that had to be made has been running. */
const RUNNING = 10 * DAY;

interface Wanted {
  begins: Scenario["begins"];
  plan: Asked["plan"];
  interval: Interval | null;
  processor: Processor | null;
}

export function setStage(known: Known, wanted: Wanted): Stage {
  const clock = clockFrom(known.now);
  const live = liveMirrors(known);
  const mirror = best(known, live, wanted.processor);
  const usable = mirror !== null && isPlayable(mirror, wanted.begins) ? mirror : null;
  // What else is alive would have a say in what comes of it.
  const setup = live.filter((each) => each !== usable).flatMap((each) => takeUp(known, each).ends(clock.next()));
  const processor = wanted.processor ?? mirror?.processor ?? "stripe";
  if (usable?.plan && usable.interval) {
    const held = { plan: usable.plan, interval: usable.interval };
    return ready({ known, setup, clock, part: takeUp(known, usable), held, status: usable.status }, wanted);
  }
  const interval = wanted.interval ?? "monthly";
  if (wanted.begins === "without_subscription") {
    const plan = wanted.plan ?? firstPaid(known.product);
    const price = { product: known.product, plan, interval } as const;
    return { setup, ...staged(beginning(known, processor, price, clock.next(), "active"), price, plan, clock) };
  }
  // A trial's plan is the one asked for; otherwise another is held first, so that there is something to change.
  const asked = wanted.plan ?? firstPaid(known.product);
  const plan = wanted.begins === "trialing" || wanted.plan === null ? asked : unlike(known.product, asked);
  const held = { plan, interval };
  const startsAt = setup.length > 0 ? clock.next() : Math.max(known.now - RUNNING, latest(known.facts) + 2 * SECOND);
  const status = wanted.begins === "trialing" ? "trialing" : "active";
  const part = beginning(known, processor, { product: known.product, ...held }, startsAt, status);
  setup.push(...part.begins());
  // Starts a second apart would count as one.
  if (startsAt + HOUR > known.now) clock.after(startsAt + HOUR);
  return ready({ known, setup, clock, part, held, status }, wanted);
}

interface Begun {
  known: Known;
  setup: Told[];
  clock: Clock;
  part: Player;
  held: Stage["held"];
  status: SubscriptionRecord["status"];
}

/** Brings a subscription that lives to where the scenario begins. */
function ready({ known, setup, clock, part, held, status }: Begun, { begins, plan }: Wanted): Stage {
  const owes = status === "past_due" || status === "unpaid";
  if (owes && begins === "active") setup.push(...part.paymentRecovers(clock.next()));
  if (!owes && begins === "past_due") {
    setup.push(...part.renews(clock.after(part.periodEnd())), ...part.renewalFails(clock.next()));
  }
  if (plan !== held.plan || begins !== "active") {
    return { setup, ...staged(part, held, plan ?? unlike(known.product, held.plan), clock) };
  }
  const other = { ...held, plan: unlike(known.product, plan) };
  setup.push(...part.planChanges(other.plan, clock.next()));
  return { setup, ...staged(part, other, plan, clock) };
}

function staged(part: Player, held: Stage["held"], plan: string, clock: Clock): Omit<Stage, "setup"> {
  return {
    telling: {
      player: part,
      plan,
      otherInterval: held.interval === "monthly" ? "yearly" : "monthly",
      next: clock.next,
      renewal: () => clock.after(part.periodEnd()),
    },
    held,
  };
}

type Clock = ReturnType<typeof clockFrom>;

/** Whole seconds, as Stripe counts them, each later than all before. */
function clockFrom(now: Instant) {
  let at = Math.floor(now / SECOND) * SECOND;
  const next = () => {
    at += SECOND;
    return at;
  };
  return {
    next,
    after: (instant: Instant) => {
      at = Math.max(at + SECOND, Math.ceil(instant / SECOND) * SECOND);
      return at;
    },
  };
}

function liveMirrors({ facts, others, freeAnchor, product }: Known): SubscriptionRecord[] {
  const { records: mirrors } = fold(productOf(product), [...facts, ...sharedFacts(facts, others)], freeAnchor);
  return mirrors.filter(({ endedAt }) => endedAt === null);
}

/** The highest plan, of the processor that is asked for; null where there is none. */
function best(
  { product }: Known,
  live: readonly SubscriptionRecord[],
  processor: Processor | null,
): SubscriptionRecord | null {
  const rank = ({ plan }: SubscriptionRecord) => (plan === null ? 0 : (findPlan(product, plan)?.rank ?? 0));
  const [first] = live
    .filter((mirror) => processor === null || mirror.processor === processor)
    .toSorted((a, b) => rank(b) - rank(a));
  return first ?? null;
}

/** Whether the part can be taken up where it stands; where not, it is ended and another begins. */
function isPlayable(mirror: SubscriptionRecord, begins: Scenario["begins"]): boolean {
  if (begins === "without_subscription") return false;
  const { plan, interval, periodStart, periodEnd, status, cancelAt, collectionPaused, quantity, scheduled } = mirror;
  if (plan === null || interval === null || periodStart === null || periodEnd === null) return false;
  if (cancelAt !== null || collectionPaused || quantity !== 1 || scheduled !== null) return false;
  if (begins === "trialing") return status === "trialing";
  return status === "active" || status === "past_due" || status === "unpaid";
}

function takeUp(known: Known, mirror: SubscriptionRecord): Player {
  const { product, userId } = known;
  const { status, periodStart, periodEnd } = mirror;
  const startsAt = periodStart ?? known.now - RUNNING;
  return player(mirror.processor, {
    id: mirror.subscription,
    name: newName(),
    userId,
    customer: known.customers[mirror.processor],
    price: { product, plan: mirror.plan ?? firstPaid(product), interval: mirror.interval ?? "monthly" },
    startsAt,
    ...(periodEnd !== null && { periodEnd }),
    status: status === "trialing" || status === "past_due" || status === "unpaid" ? status : "active",
  });
}

function beginning(
  { userId, customers }: Known,
  processor: Processor,
  price: Part["price"],
  startsAt: Instant,
  status: "active" | "trialing",
): Player {
  const name = newName();
  return player(processor, {
    id: `sub_${name}`,
    name,
    userId,
    customer: customers[processor],
    price,
    startsAt: Math.floor(startsAt / SECOND) * SECOND,
    status,
  });
}

/** Says in every id that it was played. */
function newName(): string {
  return `sim${randomBytes(8).toString("hex")}`;
}

function latest(facts: readonly Fact[]): Instant {
  return facts.reduce((at, fact) => Math.max(at, fact.at), 0);
}

function firstPaid(product: ProductId): string {
  return ranked(product)[0] as string;
}

/** Another paid plan: the next higher one, or the next lower where this is the highest. */
function unlike(product: ProductId, plan: string): string {
  const plans = ranked(product);
  const place = plans.indexOf(plan);
  return (plans[place + 1] ?? plans[place - 1] ?? firstPaid(product)) as string;
}

function ranked(product: ProductId): string[] {
  const free = freePlan(productOf(product)).id;
  return Object.entries(productOf(product).plans)
    .filter(([id]) => id !== free)
    .sort(([, a], [, b]) => a.rank - b.rank)
    .map(([id]) => id);
}
