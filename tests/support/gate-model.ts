/**
 * A model of the gate without a database: the ledger, reservations, keys and overrides of one user as plain data, and the
 * counters by `usageAt`. gate-model.db.test.ts runs the real gate beside it and compares the answers.
 */

import { fold } from "@/lib/billing/timeline/build-timeline";
import { MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, ProcessorFact, SubscriptionState, Timeline } from "@/lib/billing/types";
import { usageAt } from "@/lib/billing/usage-at";
import { product } from "@/lib/config/current-catalog";
import type { CounterName } from "@/lib/config/register";
import type { Action } from "./billing-simulator/actions";
import { mailPlan } from "./billing-simulator/product";
import { BillingSimulator } from "./billing-simulator/simulator";
import type { Charge, ConsumeKey, Expected, GivenBack, Held, ReleaseKey, ReserveKey } from "./gate-model-types";
import { ModelLedger } from "./model-ledger";

const MAIL = product("mail");

export class GateModel {
  /** The database's clock runs on between two actions: a busy machine must not use up the pause between them. */
  readonly simulator = new BillingSimulator(0, 10 * MINUTE_MS);
  /** By name: keys of sessions have names of their own, so that no release names one. */
  readonly consumeKeys = new Map<string, ConsumeKey>();
  readonly reserveKeys = new Map<string, ReserveKey>();
  readonly releaseKeys = new Map<string, ReleaseKey>();
  readonly held: Held[] = [];
  readonly ledger = new ModelLedger();
  private readonly overrides = new Map<string, { limit: number; expiresAt: Instant }>();
  private timeline: Timeline = this.fold();

  /** Applies an action to the subscription, or lets time pass; returns the new facts, or null if it is impossible. */
  apply(action: Action): ProcessorFact[] | null {
    const known = this.simulator.facts.length;
    if (!this.simulator.apply(action)) return null;
    this.timeline = this.fold();
    return this.simulator.facts.slice(known);
  }

  /** Numbers of a meter now, or of the window of another instant. */
  meter(field: CounterName, at?: Instant) {
    const { entitlementPeriod, window, used, withheld, limits } = usageAt(
      MAIL,
      this.timeline,
      this.ledger.rows,
      this.simulator.now,
      at,
    );
    const override = this.overrides.get(field);
    const limit = override && override.expiresAt > this.clock ? override.limit : (limits[field] ?? 0);
    const inWindow = (one: Instant) => one >= window.start && one < (window.countsUntil ?? Number.POSITIVE_INFINITY);
    const reserved = this.open()
      .filter((each) => each.field === field && (at === undefined ? this.holdsNow(each.at) : inWindow(each.at)))
      .reduce((sum, { amount }) => sum + amount, 0);
    const [own = 0, unpaid = 0] = [used[field], withheld[field]];
    const remaining = Math.max(0, limit - own - reserved - unpaid);
    return { used: own, reserved, unpaidHeld: unpaid, limit, remaining, plan: entitlementPeriod.plan };
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

  /** `held` is null if the limit denies it; `settled` is the amount that an earlier reservation of the key was settled to. */
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

  /** The open reservations at the row's clock; it expires the others that are due. */
  private open(): Held[] {
    for (const each of this.held) if (each.state === "open" && each.expiresAt <= this.clock) each.state = "expired";
    return this.held.filter(({ state }) => state === "open");
  }

  /** Made in the current window, or in one whose count the current one continues. */
  private holdsNow(at: Instant): boolean {
    const { window } = usageAt(MAIL, this.timeline, [], this.simulator.now);
    const opening = this.timeline.transitions.findLast(
      ({ window: { source, start }, at: opened }) =>
        source === window.source && start === window.start && opened <= this.clock,
    );
    return at >= window.start || opening?.kind === "carry_over" || opening?.kind === "preserve";
  }

  /** Whether usage of that instant counts in the current window only. */
  private countsNow(at: Instant): boolean {
    const now = usageAt(MAIL, this.timeline, [], this.simulator.now);
    const then = usageAt(MAIL, this.timeline, [], this.simulator.now, at);
    return (
      at >= now.window.start &&
      then.entitlementPeriod.source === now.entitlementPeriod.source &&
      then.entitlementPeriod.periodStart === now.entitlementPeriod.periodStart &&
      !this.timeline.transitions.some((opening) => opening.at > at && opening.at <= this.clock)
    );
  }

  /** From this instant on, usage counts in the current window only. */
  private countsSince(): Instant {
    const { entitlementPeriod, window } = usageAt(MAIL, this.timeline, [], this.simulator.now);
    const { entitlementPeriods, transitions } = this.timeline;
    const other = entitlementPeriods.findLastIndex(
      ({ start, source, periodStart }) =>
        start <= this.clock && (source !== entitlementPeriod.source || periodStart !== entitlementPeriod.periodStart),
    );
    const stretch = (other < 0 ? undefined : entitlementPeriods[other + 1]?.start) ?? Number.NEGATIVE_INFINITY;
    return Math.max(window.start, stretch, ...transitions.map(({ at }) => at).filter((at) => at <= this.clock));
  }

  private verdict(field: CounterName, amount: number, allowed: boolean): Expected {
    const { used, limit, remaining, unpaidHeld, plan } = this.meter(field);
    if (allowed) return { allowed, used, limit, remaining, plan };
    const fits = amount <= remaining ? "limit_reached_elsewhere" : null;
    const payment = amount <= remaining + unpaidHeld ? "payment_pending" : "limit_reached";
    return { allowed, used, limit, remaining, plan, reason: fits ?? payment };
  }

  private get clock(): Instant {
    return Math.max(this.simulator.now, this.timeline.asOf);
  }

  /** The instant that a charge gets. */
  private get now(): Instant {
    return Math.max(this.clock, usageAt(MAIL, this.timeline, [], this.simulator.now).window.start);
  }

  private fold(): Timeline {
    return fold(MAIL, this.simulator?.facts.map(inCatalog) ?? [], Date.UTC(2026, 0, 31, 12));
  }
}

/** A reservation's key names it while it is open, and while all that it was settled to is charged. */
function inEffect({ state, settled = 0, row }: Held): boolean {
  return state === "open" || (state === "settled" && settled > 0 && row?.givenBack === 0);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The simulator's fact with the catalog's plans. */
function inCatalog(fact: ProcessorFact): ProcessorFact {
  if (fact.kind === "payment") return { ...fact, plan: mailPlan(fact.plan) };
  const sold = (state: SubscriptionState): SubscriptionState => ({ ...state, plan: mailPlan(state.plan) });
  return { ...fact, state: sold(fact.state), previous: fact.previous && sold(fact.previous) };
}
