/** Calls of the gate, each made of the model too: both must answer the same. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Gateway } from "@/lib/database";
import type { Gate } from "@/lib/usage/gate";
import type { Action } from "./billing-simulator/actions";
import type { GateModel } from "./gate-model";
import type { Charge, Expected } from "./gate-model-types";
import { renderStripe } from "./render-stripe";
import { deliver } from "./stripe";

export interface Real {
  userId: string;
  /** The words that answers counted as charged, less those counted as given back. A repeated verdict adds nothing. */
  charged: number;
  /** The sandbox clock's time. */
  clockAt: number;
  /** Counters whose hours are being summed. */
  hours: { begun: unknown[] };
}
export type Mode = "batch" | "single" | "sequential";

interface Database {
  gateway: Gateway;
  gate: Gate;
  query: (text: string, values: unknown[]) => Promise<unknown[]>;
}

export function comparedCalls({ gateway, gate, query }: Database) {
  /** One consume call, by each of the ways to the database. `name`: a key of the model. */
  async function consume(model: GateModel, real: Real, charges: readonly Charge[], by: Mode, name?: string) {
    const { userId } = real;
    const expected = model.consume(charges, name);
    const { idempotencyKey, bySession } = keyOf(name);
    const send = async (): Promise<Verdict[]> => {
      const [{ field, amount }] = charges as [Charge];
      if (by === "single" && charges.length === 1 && !bySession)
        return [await gateway.consume(userId, field, amount, idempotencyKey)];
      if (by !== "sequential") return gate.consumeTogether(userId, charges, { idempotencyKey, bySession });
      const key = idempotencyKey ?? null;
      const [answer] = await gateway.consumeSequential(
        charges.map((charge) => ({ call: 0, userId, key, bySession, ...charge })),
      );
      if (!Array.isArray(answer)) throw answer;
      return answer;
    };
    if (expected === "conflict") return expect(send()).rejects.toMatchObject({ reason: "key_reused" });
    const answers = await send();
    expect(answers).toMatchObject(expected.verdicts.map(exactly));
    if (!expected.repeated && answers[0]?.allowed) real.charged += charges[0]?.amount ?? 0;
  }

  async function release(model: GateModel, real: Real, charge: Charge, of?: string, idempotencyKey?: string) {
    const expected = model.release(charge, of, idempotencyKey);
    const answer = gate.release(real.userId, charge.field, charge.amount, { of, idempotencyKey });
    if (expected === "not_found") return expect(answer).rejects.toMatchObject({ problem: "not_found" });
    if (expected === "conflict") return expect(answer).rejects.toMatchObject({ reason: "key_reused" });
    const { givenBack, used } = await answer;
    expect({ given: givenBack, used }).toEqual({ given: expected.given, used: expected.used });
    if (!expected.repeated) real.charged -= givenBack;
  }

  async function reserve(model: GateModel, real: Real, charge: Charge, ttlSeconds: number, idempotencyKey?: string) {
    const expected = model.reserve(charge, ttlSeconds, idempotencyKey);
    const answer = gate.reserve(real.userId, charge.field, charge.amount, { ttlSeconds, idempotencyKey });
    if (expected === "conflict") return expect(answer).rejects.toMatchObject({ reason: "key_reused" });
    const { reservationId, settled, ...verdict } = await answer;
    expect(verdict).toMatchObject(exactly(expected.verdict));
    expect(settled).toBe(expected.settled);
    if (expected.held === null) return expect(reservationId).toBeNull();
    if (expected.repeated) return expect(reservationId).toBe(expected.held.id);
    expect(model.held.filter(({ id }) => id === reservationId)).toEqual([]);
    expected.held.id = reservationId as string;
  }

  /** Applies an action to the model; the events that it causes are delivered at once. */
  async function applyAction(model: GateModel, action: Action, real: Real): Promise<void> {
    const { userId } = real;
    const facts = model.apply(action);
    // Never back: charges of one instant of the model keep their order in the database.
    if (model.simulator.now > real.clockAt) await gateway.setSandboxClock(userId, model.simulator.now);
    real.clockAt = model.simulator.now;
    for (const fact of facts ?? []) {
      const { body } = await deliver(gateway, renderStripe(fact, userId, "basil"));
      // An attempt on a sent invoice before its due date is no debt; without a listed price nothing else is in the event.
      const isNotDue = fact.kind === "payment" && fact.unlisted?.[0]?.purpose === "not_due";
      expect(body).toMatchObject({ outcome: isNotDue ? "ignored" : "applied" });
    }
  }

  /** The ledger has the sum of the callers' answers, and each unit given back belongs to one charge. */
  async function expectSameLedger({ userId, charged }: Real): Promise<void> {
    const [totals] = await query(
      `select coalesce(sum(amount), 0)::int as charged,
         (coalesce(sum(given_back), 0) + coalesce(sum(amount) filter (where amount < 0), 0))::int as unassigned
       from usage_ledger where user_id = $1 and field = 'stamps_used'`,
      [userId],
    );
    expect(totals).toEqual({ charged, unassigned: 0 });
    // The next charge gets a later millisecond.
    await sleep(2);
  }

  /**
   * Sums the ledger's whole hours, or only the first or second step of it: other calls come between the steps. Returns
   * nothing that the model knows, since sums must not show.
   */
  async function sumHours({ userId, hours }: Real, step: "both" | "begin" | "finish"): Promise<void> {
    if (step !== "finish") {
      const [begun] = await query(
        "select tollgate.begin_hour_sums(null, 10, 1, $1, 'mail') -> 'counters' as counters",
        [userId],
      );
      hours.begun = (begun as { counters: unknown[] }).counters;
    }
    if (step === "begin") return;
    await query("select tollgate.finish_hour_sums($1)", [JSON.stringify(hours.begun)]);
    hours.begun = [];
  }

  /** The sums by hour equal those of the rows, in every hour and between any two instants. */
  async function expectSameHours({ userId, clockAt }: Real, cuts: readonly number[]): Promise<number> {
    const instants = cuts.map((hours) => new Date(clockAt - Math.round(hours * HOUR_MS)).toISOString());
    const [found] = await query(
      `select (select coalesce(jsonb_agg(d.drifts), '[]') from usage_counters c
           cross join lateral tollgate.hour_drift(c.user_id, c.field, '-infinity') d
           where c.user_id = $1 and d.drifts <> '[]') as drifts,
         (select coalesce(jsonb_agg(jsonb_build_array(a.at, b.at)), '[]')
           from unnest($2::timestamptz[]) as a (at), unnest($2::timestamptz[]) as b (at)
           where tollgate.usage_between($1, 'stamps_used', a.at, b.at) <> (
             select coalesce(sum(l.amount), 0) from usage_ledger l
             where l.user_id = $1 and l.field = 'stamps_used' and l.at >= a.at and l.at < b.at)) as differences,
         (select count(*)::int from usage_hours h where h.user_id = $1) as hours`,
      [userId, instants],
    );
    expect(found).toMatchObject({ drifts: [], differences: [] });
    return (found as { hours: number }).hours;
  }

  return { consume, release, reserve, applyAction, expectSameLedger, sumHours, expectSameHours };
}

/** The model has one map of consume keys: a name with this prefix is a session's key, any other a service's. */
export const SESSION = "session/";

function keyOf(name: string | undefined): { idempotencyKey: string | undefined; bySession: boolean } {
  const bySession = name?.startsWith(SESSION) ?? false;
  return { idempotencyKey: bySession ? name?.slice(SESSION.length) : name, bySession };
}

/** No reason if none is expected. */
function exactly(expected: Expected | undefined): Record<string, unknown> {
  const { reason, ...numbers } = expected as Expected;
  return reason === undefined ? numbers : { ...numbers, reason };
}
