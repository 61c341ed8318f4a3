/**
 * What the gate must answer, worked out without a database: the ledger, reservations, keys and overrides of one user as
 * plain data, the counters by the fold's pure twin. The real gate is run beside it (gate-model.db.test.ts).
 */
import { type CounterField, product } from "@/lib/billing/catalog";
import { standingAt, type Use } from "@/lib/billing/counters";
import type { Image, Instant, ProcessorFact, Timeline } from "@/lib/billing/facts";
import { MINUTE } from "@/lib/billing/period";
import { fold } from "@/lib/billing/timeline";
import { type Action, World } from "./world";

const WRITER = product("writer");
/** The world's plans in the catalog. */
const PLANS: Readonly<Record<string, string>> = { low: "plus", high: "ultra" };

export interface Charge {
  field: CounterField;
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
  expiresAt: Instant;
  state: "open" | "settled" | "expired";
  requested?: number;
}

interface Entry extends Use {
  key?: string | undefined;
}

export class GateModel {
  /** The database's clock runs on between two actions: a busy machine must not use up the pause between them. */
  readonly world = new World(0, 10 * MINUTE);
  readonly keys = new Map<string, { request: string; verdicts: Expected[]; at: Instant }>();
  readonly held: Held[] = [];
  private readonly ledger: Entry[] = [];
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
  meter(field: CounterField, at?: Instant) {
    const { segment, window, used, held, limits } = standingAt(WRITER, this.told, this.ledger, this.world.now, at);
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

  consume(charges: readonly Charge[], key?: string): Expected[] | "conflict" {
    const request = JSON.stringify(charges);
    const known = key === undefined ? undefined : this.keys.get(key);
    if (known) return known.request === request ? known.verdicts : "conflict";
    const allowed = charges.every(({ field, amount }) => amount <= this.meter(field).remaining);
    if (allowed) for (const charge of charges) this.write(charge, this.now, key);
    const verdicts = charges.map(({ field, amount }) => this.verdict(field, amount, allowed));
    if (allowed && key !== undefined) this.keys.set(key, { request, verdicts, at: this.now });
    return verdicts;
  }

  release({ field, amount }: Charge, of?: string): { given: number } | "not_found" {
    const own = of === undefined ? [] : this.ledger.filter((row) => row.key === of && row.field === field);
    if (of !== undefined && own.length === 0) return "not_found";
    const at = own[0]?.at ?? this.now;
    const left = of === undefined ? amount : own.reduce((sum, row) => sum + row.amount, 0);
    const used = of === undefined ? this.meter(field).used : this.meter(field, at).used;
    const given = Math.max(0, Math.min(amount, left, used));
    if (given > 0) this.write({ field, amount: -given }, at, of);
    return { given };
  }

  reserve(charge: Charge, seconds: number): Expected {
    const allowed = charge.amount <= this.meter(charge.field).remaining;
    if (allowed) {
      const { now } = this;
      this.held.push({ ...charge, id: "", at: now, expiresAt: this.clock + seconds * 1000, state: "open" });
    }
    return this.verdict(charge.field, charge.amount, allowed);
  }

  settle(held: Held, amount: number): { settled: number; expired: boolean; allowed: boolean } | "conflict" {
    this.open();
    if (held.state === "settled") {
      if (held.requested !== amount) return "conflict";
      throw new Error("the caller asks for what was not settled yet");
    }
    if (held.state === "expired") {
      const [verdict] = amount === 0 ? [] : (this.consume([{ field: held.field, amount }]) as Expected[]);
      const allowed = verdict?.allowed ?? true;
      if (allowed) Object.assign(held, { state: "settled", requested: amount });
      return { settled: allowed ? amount : 0, expired: true, allowed };
    }
    const { remaining } = this.countsNow(held.at) ? this.meter(held.field) : this.meter(held.field, held.at);
    const settled = Math.min(amount, held.amount + remaining);
    Object.assign(held, { state: "settled", requested: amount });
    if (settled > 0) this.write({ field: held.field, amount: settled }, held.at);
    return { settled, expired: false, allowed: settled === amount };
  }

  override(field: CounterField, limit: number | null, milliseconds: number | null): Instant | null {
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
    const { window } = standingAt(WRITER, this.told, [], this.world.now);
    const opening = this.told.openings.findLast(
      ({ window: { source, start }, at: opened }) =>
        source === window.source && start === window.start && opened <= this.clock,
    );
    return at >= window.start || opening?.by === "carry_over" || opening?.by === "preserve";
  }

  /** Whether use of that instant counts in the current window and nowhere else. */
  private countsNow(at: Instant): boolean {
    const now = standingAt(WRITER, this.told, [], this.world.now);
    const then = standingAt(WRITER, this.told, [], this.world.now, at);
    return (
      at >= now.window.start &&
      then.segment.source === now.segment.source &&
      then.segment.periodStart === now.segment.periodStart &&
      !this.told.openings.some((opening) => opening.at > at && opening.at <= this.clock)
    );
  }

  private verdict(field: CounterField, amount: number, allowed: boolean): Expected {
    const { used, limit, remaining, unpaidHeld, plan } = this.meter(field);
    if (allowed) return { allowed, used, limit, remaining, plan };
    const fits = amount <= remaining ? "limit_reached_elsewhere" : null;
    const payment = amount <= remaining + unpaidHeld ? "payment_pending" : "limit_reached";
    return { allowed, used, limit, remaining, plan, reason: fits ?? payment };
  }

  private write({ field, amount }: Charge, at: Instant, key?: string): void {
    this.ledger.push({ field, amount, at, key });
  }

  private get clock(): Instant {
    return Math.max(this.world.now, this.told.asOf);
  }

  /** The instant that a charge gets. */
  private get now(): Instant {
    return Math.max(this.clock, standingAt(WRITER, this.told, [], this.world.now).window.start);
  }

  private fold(): Timeline {
    return fold(WRITER, this.world?.facts.map(inCatalog) ?? [], Date.UTC(2026, 0, 31, 12));
  }
}

/** The world's fact with the catalog's plans. */
function inCatalog(fact: ProcessorFact): ProcessorFact {
  if (fact.kind === "payment") return { ...fact, plan: PLANS[fact.plan ?? ""] ?? null };
  const sold = (image: Image): Image => ({ ...image, plan: PLANS[image.plan ?? ""] ?? null });
  return { ...fact, image: sold(fact.image), before: fact.before && sold(fact.before) };
}
