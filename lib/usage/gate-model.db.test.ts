/** The gate compared with a model of it: after any commands in any order, both have the same answers and counters. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { ACTIONS } from "@/tests/support/billing-simulator/actions";
import { comparedCalls, type Mode, type Real, SESSION } from "@/tests/support/compared-calls";
import { GateModel } from "@/tests/support/gate-model";
import type { Charge, Expected } from "@/tests/support/gate-model-types";
import { meteredDatabase } from "@/tests/support/metered";
import { SEED } from "@/tests/support/property-seed";
import { createGate } from "./gate";

const { gateway, meter, query } = meteredDatabase();
const gate = createGate(() => gateway);
const { consume, release, reserve, applyAction, expectSameLedger, sumHours, expectSameHours } = comparedCalls({
  gateway,
  gate,
  query,
});
const RUNS = 2_000;
const WORKERS = 4;

/** Amounts relative to the remaining amount, so that many calls are near the limit. */
const PARTS = {
  one: () => 1,
  half: (remaining: number) => Math.max(1, remaining >> 1),
  all: (remaining: number) => Math.max(1, remaining),
  over: (remaining: number) => remaining + 1,
  round: () => 100,
} as const;
type Part = keyof typeof PARTS;

type Command = fc.AsyncCommand<GateModel, Real>;

/** A command that is always possible; `run` compares both. */
function command(name: string, run: (model: GateModel, real: Real) => Promise<void>): Command {
  const compared = async (model: GateModel, real: Real) => {
    await run(model, real);
    await expectSameLedger(real);
    expect(model.meter("stamps_used").used).toBeGreaterThanOrEqual(0);
  };
  return { check: () => true, run: compared, toString: () => name };
}

const asked = (model: GateModel, part: Part): Charge => ({
  field: "stamps_used",
  amount: PARTS[part](model.meter("stamps_used").remaining),
});

const part = fc.constantFrom(...(Object.keys(PARTS) as Part[]));
const KEYS = ["a", "b", "c"] as const;
const key = fc.constantFrom(undefined, undefined, ...KEYS);
/** Services and sessions use the same keys, which must stay apart. */
const consumeKey = fc.constantFrom(undefined, undefined, ...KEYS, ...KEYS.map((each) => `${SESSION}${each}`));
/** The charge that a release names; mostly none. */
const named = fc.constantFrom(undefined, undefined, undefined, ...KEYS);
/** The index of one of the known keys or reservations, if any. */
const which = fc.nat({ max: 11 });
const pick = <T>(all: Iterable<T>, index: number): T | undefined => [...all][index % Math.max(1, [...all].length)];
const ttl = fc.constantFrom(5_000, 86_000);

const mode = fc.constantFrom<Mode>("batch", "single", "sequential");

const commands = [
  fc
    .tuple(part, consumeKey, mode)
    .map(([how, idempotencyKey, by]) =>
      command(`consume ${how} ${idempotencyKey ?? ""} ${by}`, (model, real) =>
        consume(model, real, [asked(model, how)], by, idempotencyKey),
      ),
    ),
  fc.tuple(which, mode).map(([index, by]) =>
    command(`consume key #${index} again, ${by}`, async (model, real) => {
      const [idempotencyKey, known] = pick(model.consumeKeys, index) ?? [];
      if (known) await consume(model, real, known.charges, by, idempotencyKey);
    }),
  ),
  part.map((how) =>
    command(`three at once, ${how}`, async (model, real) => {
      // Equal calls, so that their order has no effect.
      const charge = asked(model, how);
      const expected = [0, 1, 2].map(() => (model.consume([charge]) as { verdicts: Expected[] }).verdicts[0]);
      const answers = await Promise.all([0, 1, 2].map(() => gate.consume(real.userId, charge.field, charge.amount)));
      const allowed = answers.filter((answer) => answer.allowed).length;
      expect(allowed).toBe(expected.filter((each) => each?.allowed).length);
      expect(Math.max(...answers.map(({ used }) => used))).toBe(Math.max(...expected.map((each) => each?.used ?? 0)));
      real.charged += allowed * charge.amount;
    }),
  ),
  fc.tuple(part, consumeKey, mode).map(([how, idempotencyKey, by]) =>
    command(`together ${how} ${idempotencyKey ?? ""} ${by}`, (model, real) => {
      const charges = [asked(model, how), { field: "parcels_sent" as const, amount: 4 }];
      return consume(model, real, charges, by, idempotencyKey);
    }),
  ),
  fc
    .tuple(part, named, key)
    .map(([how, of, idempotencyKey]) =>
      command(`release ${how} of ${of ?? "the latest"} ${idempotencyKey ?? ""}`, (model, real) =>
        release(model, real, asked(model, how), of, idempotencyKey),
      ),
    ),
  fc.tuple(named, fc.boolean()).map(([of, stamps]) =>
    command(`release all ${stamps ? "stamps" : "parcels"} of ${of ?? "the latest"}`, async (model, real) => {
      if (stamps) return release(model, real, { field: "stamps_used", amount: 40_000 }, of);
      const charged = { ...real };
      await release(model, charged, { field: "parcels_sent", amount: 4 }, of);
    }),
  ),
  which.map((index) =>
    command(`release key #${index} again`, async (model, real) => {
      const [idempotencyKey, known] = pick(model.releaseKeys, index) ?? [];
      if (known) await release(model, real, known.charge, known.of, idempotencyKey);
    }),
  ),
  fc
    .tuple(part, ttl, key)
    .map(([how, seconds, idempotencyKey]) =>
      command(`reserve ${how} for ${seconds} s ${idempotencyKey ?? ""}`, (model, real) =>
        reserve(model, real, asked(model, how), seconds, idempotencyKey),
      ),
    ),
  which.map((index) =>
    command(`reserve key #${index} again`, async (model, real) => {
      const [idempotencyKey, known] = pick(model.reserveKeys, index) ?? [];
      if (known) await reserve(model, real, known.charge, known.seconds, idempotencyKey);
    }),
  ),
  fc.tuple(which, fc.constantFrom("zero", "half", "exact", "more", "much more")).map(([index, how]) =>
    command(`settle #${index} ${how}`, async (model, real) => {
      const { userId } = real;
      // Counted from the latest.
      const held = pick(model.held.toReversed(), index);
      if (held === undefined) return;
      const amounts = {
        zero: 0,
        half: held.amount >> 1,
        exact: held.amount,
        more: held.amount + 7,
        "much more": 40_000,
      };
      const amount = amounts[how as keyof typeof amounts];
      const settle = () => gate.settle(userId, held.id, amount);
      if (held.state === "settled" && held.requested === amount) {
        // A retry gets its first answer, independent of later commands.
        expect(await settle()).toEqual(await settle());
        return;
      }
      const expected = model.settle(held, amount);
      if (expected === "conflict") await expect(settle()).rejects.toMatchObject({ reason: "already_settled" });
      else {
        expect(await settle()).toMatchObject({ ...expected, unsettled: amount - expected.settled });
        real.charged += expected.settled;
      }
    }),
  ),
  fc
    .tuple(fc.constantFrom(0, 700, 20_000, null), fc.constantFrom(null, 2 * HOUR_MS, 3 * DAY_MS))
    .map(([limit, lasts]) =>
      command(`override ${limit} for ${lasts} ms`, async (model, { userId }) => {
        const expiresAt = model.override("stamps_used", limit, lasts);
        await gateway.setLimitOverride(userId, "stamps_used", limit, { expiresAt, by: "test" });
      }),
    ),
  ...[0, 1].map(() =>
    fc
      .constantFrom("both", "both", "begin", "finish")
      .map((step) => command(`sum the hours: ${step}`, (_, real) => sumHours(real, step as "both"))),
  ),
  fc
    .constantFrom("hour", "day")
    .map((action) => command(action, (model, real) => applyAction(model, action as "hour", real))),
  ...[0, 1].map(() =>
    fc
      .constantFrom(...ACTIONS.filter((action) => !action.startsWith("use")))
      .map((action) => command(action, (model, real) => applyAction(model, action, real))),
  ),
];

async function expectSameMeters(model: GateModel, userId: string): Promise<void> {
  const { used, reserved, unpaidHeld, limit, remaining } = model.meter("stamps_used");
  expect(await meter(userId, "stamps_used")).toMatchObject({ used, reserved, unpaidHeld, limit, remaining });
}

/** Both have released units on the same days. */
async function expectSameDays(model: GateModel, userId: string): Promise<void> {
  const { from, days } = await gateway.usageHistory(userId, "stamps_used", 400);
  expect(days).toEqual(model.ledger.days("stamps_used").filter(({ day }) => day >= from));
}

/** Hours before now, whole ones and parts, so that sums end inside and at the edges of hours. */
const cuts = fc.array(fc.oneof(fc.nat({ max: 2_000 }), fc.double({ min: -1, max: 2_000, noNaN: true })), {
  minLength: 2,
  maxLength: 6,
});
/** The summed hours of all runs: by their commands, and in all. */
const summed = { during: 0, after: 0 };
let users = 0;
async function newUser(): Promise<{ model: GateModel; real: Real }> {
  users += 1;
  const userId = `model-${users}`;
  const model = new GateModel();
  await gateway.setSandboxClock(userId, model.simulator.now);
  await gateway.usage(userId);
  return { model, real: { userId, charged: 0, clockAt: model.simulator.now, hours: { begun: [] } } };
}

describe("the model and the gate", () => {
  test.concurrent.each(Array.from({ length: WORKERS }, (_, worker) => [worker]))(
    `agree in ${RUNS / WORKERS} runs (%i)`,
    async (worker) => {
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { maxCommands: 24, size: "max" }), cuts, async (run, instants) => {
          const { model, real } = await newUser();
          await fc.asyncModelRun(async () => ({ model, real }), run);
          await expectSameMeters(model, real.userId);
          await expectSameDays(model, real.userId);
          summed.during += await expectSameHours(real, instants);
          await sumHours(real, "both");
          summed.after += await expectSameHours(real, instants);
          await expectSameDays(model, real.userId);
        }),
        { numRuns: RUNS / WORKERS, seed: SEED + worker },
      );
    },
  );

  const word = { field: "stamps_used", amount: 1 } as const;
  test("agree that a release of an older window's charge never lowers the current counter below 0", async () => {
    const { model, real } = await newUser();
    await applyAction(model, "subscribeLow", real);
    await consume(model, real, [word], "single", "a");
    await applyAction(model, "pause", real);
    await consume(model, real, [word], "single");
    await applyAction(model, "resume", real);
    // Both windows count these units, so that a row of the current window releases one of them.
    await release(model, real, { ...word, amount: 40_000 });
    await release(model, real, word, "a");
    expect(await meter(real.userId, "stamps_used")).toMatchObject({ used: 0 });
  });

  test("agree that a carry-over that becomes a reset has 0 used after a release", async () => {
    const { model, real } = await newUser();
    await applyAction(model, "subscribeHigh", real);
    await consume(model, real, [word], "single");
    await applyAction(model, "cancel", real);
    await applyAction(model, "trial", real);
    await release(model, real, word);
    await applyAction(model, "endTrial", real);
    await expectSameMeters(model, real.userId);
    expect(await meter(real.userId, "stamps_used")).toMatchObject({ used: 0 });
  });

  test("have summed hours in many runs", () => {
    expect(summed.during).toBeGreaterThan(RUNS / 10);
    expect(summed.after).toBeGreaterThan(RUNS / 4);
  });

  test("have no drift between counters and ledger after all runs", async () => {
    const drifts: unknown[] = [];
    let after: string | null = "";
    while (after !== null) {
      const page: Awaited<ReturnType<typeof gateway.findUsageDrift>> = await gateway.findUsageDrift(after);
      drifts.push(...page.drifts);
      after = page.next;
    }
    expect(drifts).toEqual([]);
    const [negative] = await query("select count(*)::int as rows from usage_counters where used < 0");
    expect(negative).toEqual({ rows: 0 });
  });
});
