/**
 * What the gate must answer, worked out without a database: the ledger, reservations, keys and overrides of one user as
 * plain data, the counters by the fold's pure twin. The real gate is run beside it (gate-model.db.test.ts).
 */

import { fold } from "@/lib/billing/timeline/build-timeline";
import { MINUTE } from "@/lib/billing/timeline/calendar";
import type { Instant, ProcessorFact, SubscriptionState, Timeline } from "@/lib/billing/types";
import { usageAt } from "@/lib/billing/usage-at";
import { product } from "@/lib/config/current-catalog";
import type { CounterName } from "@/lib/config/register";
import { type Entry, ModelLedger } from "./model-ledger";
import { type Action, World } from "./world";

const WRITER = product("writer");
/** The world's plans in the catalog. */
const PLANS: Readonly<Record<string, string>> = { low: "plus", high: "ultra" };

export interface Charge {
  field: CounterName;
  amount: number;
}

/** The part of a verdict that the model knows. */
export interface Expected {
  allowed: boolean;
  used: number;
  limit: number;
  remaining: number;
  plan: string;
  reason?: string;
}

export interface Held extends Charge {
  id: string;
  at: Instant;
  order: number;
  expiresAt: Instant;
  state: "open" | "settled" | "expired";
  requested?: number;
  /** The amount that it was settled to, and the ledger row of that. */
  settled?: number;
  row?: Entry | undefined;
}

/** What a key names: the request, the answer to repeat, and the charge or hold that must be in effect for that. */
interface ConsumeKey {
  charges: readonly Charge[];
  verdicts: Expected[];
  rows: Entry[];
}

interface ReserveKey {
  charge: Charge;
  seconds: number;
  verdict: Expected;
  held: Held;
}

interface ReleaseKey {
  charge: Charge;
  of: string | undefined;
  answer: GivenBack;
}

export interface GivenBack {
  given: number;
  used: number;
}

export class GateModel {
  /** The database's clock runs on between two actions: a busy machine must not use up the pause between them. */
  readonly world = new World(0, 10 * MINUTE);
  /** By name: keys of sessions have names of their own, so that no release names one. */
  readonly consumeKeys = new Map<string, ConsumeKey>();
  readonly reserveKeys = new Map<string, ReserveKey>();
  readonly releaseKeys = new Map<string, ReleaseKey>();
  readonly held: Held[] = [];
  readonly ledger = new ModelLedger();
  private readonly overrides = new Map<string, { limit: number; expiresAt: Instant }>();
  private told: Timeline = this.fold();

  /** Lets something happen to the subscription, or time pass; the news that it made. */
  act(action: Action): ProcessorFact[] | null {
    const known = this.world.facts.length;
    if (!this.world.act(action)) return null;
    this.told = this.fold();
    return this.world.facts.slice(known);
  }

  /** Numbers of a meter now, or of the window of another instant. */
  meter(field: CounterName, at?: Instant) {
    const {
      entitlementPeriod: segment,
      window,
      used,
      withheld: held,
      limits,
    } = usageAt(WRITER, this.told, this.ledger.rows, this.world.now, at);
    const override = this.overrides.get(field);
    const limit = override && override.expiresAt > this.clock ? override.limit : (limits[field] ?? 0);
    const inWindow = (one: Instant) => one >= window.start && one < (window.countsUntil ?? Number.POSITIVE_INFINITY);
    const reserved = this.open()
      .filter((each) => each.field === field && (at === undefined ? this.holdsNow(each.at) : inWindow(each.at)))
      .reduce((sum, { amount }) => sum + amount, 0);
    const [own = 0, unpaid = 0] = [used[field], held[field]];
    const remaining = Math.max(0, limit - own - reserved - unpaid);
    return { used: own, reserved, unpaidHeld: unpaid, limit, remaining, plan: segment.plan };
  }

  /** `repeated`: a verdict given before, for a charge in effect. */
  consume(charges: readonly Charge[], key?: string): { verdicts: Expected[]; repeated: boolean } | "conflict" {
    const known = key === undefined ? undefined : this.consumeKeys.get(key);
    if (known?.rows.every(({ givenBack }) => givenBack === 0))
      return same(known.charges, charges) ? { verdicts: known.verdicts, repeated: true } : "conflict";
    const allowed = charges.every(({ field, amount }) => amount <= this.meter(field).remaining);
    const rows = allowed ? charges.map((charge) => this.ledger.write(charge, this.now, key)) : [];
    const verdicts = charges.map(({ field, amount }) => this.verdict(field, amount, allowed));
    if (allowed && key !== undefined) this.consumeKeys.set(key, { charges, verdicts, rows });
    return { verdicts, repeated: false };
  }

  release(charge: Charge, of?: string, key?: string): (GivenBack & { repeated: boolean }) | "not_found" | "conflict" {
    const known = key === undefined ? undefined : this.releaseKeys.get(key);
    if (known)
      return same([known.charge, known.of ?? null], [charge, of ?? null])
        ? { ...known.answer, repeated: true }
        : "conflict";
    const given = of === undefined ? this.giveBackLatest(charge) : this.giveBackOf(charge, of);
    if (given === null) return "not_found";
    const answer = { given, used: this.meter(charge.field).used };
    if (key !== undefined) this.releaseKeys.set(key, { charge, of, answer });
    return { ...answer, repeated: false };
  }

  /** The charge that the key names now, in the charge's window, and never so much that the present window falls below 0. */
  private giveBackOf({ field, amount }: Charge, of: string): number | null {
    const row = this.consumeKeys.get(of)?.rows.find((each) => each.field === field);
    if (row === undefined) return null;
    const { used } = this.meter(field);
    let given = Math.max(0, Math.min(amount, row.amount - row.givenBack, this.meter(field, row.at).used));
    while (given > 0) {
      this.ledger.write({ field, amount: -given }, row.at, of);
      if (this.meter(field).used >= Math.min(0, used)) break;
      this.ledger.rows.pop();
      given = Math.min(given - 1, Math.max(0, used));
    }
    row.givenBack += given;
    return given;
  }

  /** The latest charges first, then carried-over ones as far as they count, then by rows of now. */
  private giveBackLatest({ field, amount }: Charge): number {
    const given = Math.max(0, Math.min(amount, this.meter(field).used));
    const since = this.countsSince();
    const left = given - this.ledger.take(field, given, (at) => at >= since);
    const rest = left - this.takeCarried(field, left, since);
    const uncovered = rest - this.ledger.take(field, rest, () => true, this.now);
    if (uncovered > 0) this.ledger.write({ field, amount: -uncovered }, this.now);
    return given;
  }

  private takeCarried(field: CounterName, left: number, since: Instant): number {
    const { used } = this.meter(field);
    let wanted = left;
    for (let attempt = 1; attempt <= 3 && wanted > 0; attempt += 1) {
      const undo = this.ledger.savepoint();
      const taken = this.ledger.take(field, wanted, (at) => at < since);
      const effect = used - this.meter(field).used;
      if (effect === taken) return taken;
      undo();
      wanted = effect;
    }
    return 0;
  }

  /** `held` is null if the limit refuses; `settled` is what a hold of before was settled to. */
  reserve(
    charge: Charge,
    seconds: number,
    key?: string,
  ): { verdict: Expected; held: Held | null; settled: number | null; repeated: boolean } | "conflict" {
    this.open();
    const known = key === undefined ? undefined : this.reserveKeys.get(key);
    if (known && inEffect(known.held)) {
      if (!same([known.charge, known.seconds], [charge, seconds])) return "conflict";
      const { verdict, held } = known;
      return { verdict, held, settled: held.state === "settled" ? (held.settled ?? 0) : null, repeated: true };
    }
    if (charge.amount > this.meter(charge.field).remaining) {
      const verdict = this.verdict(charge.field, charge.amount, false);
      return { verdict, held: null, settled: null, repeated: false };
    }
    const expiresAt = this.clock + seconds * 1000;
    const held: Held = { ...charge, id: "", at: this.now, order: this.ledger.nextOrder(), expiresAt, state: "open" };
    this.held.push(held);
    const verdict = this.verdict(charge.field, charge.amount, true);
    if (key !== undefined) this.reserveKeys.set(key, { charge, seconds, verdict, held });
    return { verdict, held, settled: null, repeated: false };
  }

  settle(held: Held, amount: number): { settled: number; expired: boolean; allowed: boolean } | "conflict" {
    this.open();
    if (held.state === "settled") {
      if (held.requested !== amount) return "conflict";
      throw new Error("the caller asks for what was not settled yet");
    }
    if (held.state === "expired") {
      const { field } = held;
      const allowed = amount === 0 || amount <= this.meter(field).remaining;
      const settled = allowed ? amount : 0;
      const row = settled > 0 ? this.ledger.write({ field, amount }, this.now) : undefined;
      if (allowed) Object.assign(held, { state: "settled", requested: amount, settled, row });
      return { settled, expired: true, allowed };
    }
    const { remaining } = this.countsNow(held.at) ? this.meter(held.field) : this.meter(held.field, held.at);
    const settled = Math.min(amount, held.amount + remaining);
    Object.assign(held, { state: "settled", requested: amount, settled });
    if (settled > 0)
      held.row = this.ledger.write({ field: held.field, amount: settled }, held.at, undefined, held.order);
    return { settled, expired: false, allowed: settled === amount };
  }

  override(field: CounterName, limit: number | null, milliseconds: number | null): Instant | null {
    const expiresAt = milliseconds === null ? null : this.clock + milliseconds;
    if (limit === null) this.overrides.delete(field);
    else this.overrides.set(field, { limit, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY });
    return expiresAt;
  }

  /** Reservations that hold something at the row's clock; those whose time has come are expired with it. */
  private open(): Held[] {
    for (const each of this.held) if (each.state === "open" && each.expiresAt <= this.clock) each.state = "expired";
    return this.held.filter(({ state }) => state === "open");
  }

  /** Made in the current window, or in one whose count the current one goes on from. */
  private holdsNow(at: Instant): boolean {
    const { window } = usageAt(WRITER, this.told, [], this.world.now);
    const opening = this.told.transitions.findLast(
      ({ window: { source, start }, at: opened }) =>
        source === window.source && start === window.start && opened <= this.clock,
    );
    return at >= window.start || opening?.kind === "carry_over" || opening?.kind === "preserve";
  }

  /** Whether use of that instant counts in the current window and nowhere else. */
  private countsNow(at: Instant): boolean {
    const now = usageAt(WRITER, this.told, [], this.world.now);
    const then = usageAt(WRITER, this.told, [], this.world.now, at);
    return (
      at >= now.window.start &&
      then.entitlementPeriod.source === now.entitlementPeriod.source &&
      then.entitlementPeriod.periodStart === now.entitlementPeriod.periodStart &&
      !this.told.transitions.some((opening) => opening.at > at && opening.at <= this.clock)
    );
  }

  /** From here on use counts in the current window and nowhere else. */
  private countsSince(): Instant {
    const { entitlementPeriod: segment, window } = usageAt(WRITER, this.told, [], this.world.now);
    const { entitlementPeriods: segments, transitions: openings } = this.told;
    const other = segments.findLastIndex(
      ({ start, source, periodStart }) =>
        start <= this.clock && (source !== segment.source || periodStart !== segment.periodStart),
    );
    const stretch = (other < 0 ? undefined : segments[other + 1]?.start) ?? Number.NEGATIVE_INFINITY;
    return Math.max(window.start, stretch, ...openings.map(({ at }) => at).filter((at) => at <= this.clock));
  }

  private verdict(field: CounterName, amount: number, allowed: boolean): Expected {
    const { used, limit, remaining, unpaidHeld, plan } = this.meter(field);
    if (allowed) return { allowed, used, limit, remaining, plan };
    const fits = amount <= remaining ? "limit_reached_elsewhere" : null;
    const payment = amount <= remaining + unpaidHeld ? "payment_pending" : "limit_reached";
    return { allowed, used, limit, remaining, plan, reason: fits ?? payment };
  }

  private get clock(): Instant {
    return Math.max(this.world.now, this.told.asOf);
  }

  /** The instant that a charge gets. */
  private get now(): Instant {
    return Math.max(this.clock, usageAt(WRITER, this.told, [], this.world.now).window.start);
  }

  private fold(): Timeline {
    return fold(WRITER, this.world?.facts.map(inCatalog) ?? [], Date.UTC(2026, 0, 31, 12));
  }
}

/** A reservation's key names it while it is open, and while all that it was settled to is charged. */
function inEffect({ state, settled = 0, row }: Held): boolean {
  return state === "open" || (state === "settled" && settled > 0 && row?.givenBack === 0);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The world's fact with the catalog's plans. */
function inCatalog(fact: ProcessorFact): ProcessorFact {
  if (fact.kind === "payment") return { ...fact, plan: PLANS[fact.plan ?? ""] ?? null };
  const sold = (image: SubscriptionState): SubscriptionState => ({ ...image, plan: PLANS[image.plan ?? ""] ?? null });
  return { ...fact, image: sold(fact.image), before: fact.before && sold(fact.before) };
}
