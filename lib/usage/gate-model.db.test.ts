/** The gate beside a model of it: whatever is done in whatever order, both say the same, down to the last unit. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY, HOUR } from "@/lib/billing/period";
import { type Charge, type Expected, GateModel } from "@/tests/support/gate-model";
import { meteredDatabase } from "@/tests/support/metered";
import { renderStripe } from "@/tests/support/render-stripe";
import { deliver } from "@/tests/support/stripe";
import { ACTIONS, type Action } from "@/tests/support/world";
import { createGate } from "./gate";

const { gateway, meter, query } = meteredDatabase();
const gate = createGate(() => gateway);
const RUNS = 2_000;
const LANES = 4;

/** Amounts in terms of what remains, so that the limit's edge is met again and again. */
const PARTS = {
  one: () => 1,
  half: (remaining: number) => Math.max(1, remaining >> 1),
  all: (remaining: number) => Math.max(1, remaining),
  over: (remaining: number) => remaining + 1,
  round: () => 100,
} as const;
type Part = keyof typeof PARTS;

interface Real {
  userId: string;
}
type Command = fc.AsyncCommand<GateModel, Real>;

/** A command that is always possible; `run` compares both. */
function command(name: string, run: (model: GateModel, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

const asked = (model: GateModel, part: Part): Charge => ({
  field: "words_used",
  amount: PARTS[part](model.meter("words_used").remaining),
});

const part = fc.constantFrom(...(Object.keys(PARTS) as Part[]));
const key = fc.constantFrom(undefined, undefined, undefined, "a", "b");

const commands = [
  fc.tuple(part, key, fc.boolean()).map(([how, idempotencyKey, gathered]) =>
    command(`consume ${how} ${idempotencyKey ?? ""} ${gathered ? "gathered" : "single"}`, async (model, { userId }) => {
      const charge = asked(model, how);
      const expected = model.consume([charge], idempotencyKey);
      const answer = gathered
        ? gate.consume(userId, charge.field, charge.amount, { idempotencyKey })
        : gateway.consume(userId, charge.field, charge.amount, idempotencyKey);
      if (expected === "conflict") await expect(answer).rejects.toMatchObject({ reason: "key_reused" });
      else expect(await answer).toMatchObject(exactly(expected[0]));
    }),
  ),
  part.map((how) =>
    command(`three at once, ${how}`, async (model, { userId }) => {
      // Alike, so that their order among themselves cannot show.
      const charge = asked(model, how);
      const expected = [0, 1, 2].map(() => (model.consume([charge]) as Expected[])[0]);
      const answers = await Promise.all([0, 1, 2].map(() => gate.consume(userId, charge.field, charge.amount)));
      expect(answers.filter(({ allowed }) => allowed)).toHaveLength(expected.filter((each) => each?.allowed).length);
      expect(Math.max(...answers.map(({ used }) => used))).toBe(Math.max(...expected.map((each) => each?.used ?? 0)));
    }),
  ),
  fc.tuple(part, key).map(([how, idempotencyKey]) =>
    command(`together ${how} ${idempotencyKey ?? ""}`, async (model, { userId }) => {
      const charges = [asked(model, how), { field: "transformations_used" as const, amount: 4 }];
      const expected = model.consume(charges, idempotencyKey);
      const answer = gate.consumeTogether(userId, charges, { idempotencyKey });
      if (expected === "conflict") await expect(answer).rejects.toMatchObject({ reason: "key_reused" });
      else expect(await answer).toMatchObject(expected.map(exactly));
    }),
  ),
  fc.tuple(part, fc.constantFrom(undefined, "a", "b")).map(([how, of]) =>
    command(`release ${how} ${of ?? ""}`, async (model, { userId }) => {
      const charge = asked(model, how);
      const expected = model.release(charge, of);
      const answer = gate.release(userId, charge.field, charge.amount, { of });
      if (expected === "not_found") await expect(answer).rejects.toMatchObject({ problem: "not_found" });
      else expect(await answer).toMatchObject({ givenBack: expected.given, used: model.meter(charge.field).used });
    }),
  ),
  fc.tuple(part, fc.constantFrom(5_000, 86_000)).map(([how, ttlSeconds]) =>
    command(`reserve ${how} for ${ttlSeconds} s`, async (model, { userId }) => {
      const charge = asked(model, how);
      const expected = model.reserve(charge, ttlSeconds);
      const answer = await gate.reserve(userId, charge.field, charge.amount, { ttlSeconds });
      expect(answer).toMatchObject(exactly(expected));
      if (expected.allowed) Object.assign(model.held.at(-1) ?? {}, { id: answer.reservationId });
      else expect(answer.reservationId).toBeNull();
    }),
  ),
  fc.tuple(fc.nat({ max: 3 }), fc.constantFrom("zero", "half", "exact", "more", "much more")).map(([which, how]) =>
    command(`settle #${which} ${how}`, async (model, { userId }) => {
      const held = model.held[which % Math.max(1, model.held.length)];
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
        // A retry gets its first answer, whatever has happened since.
        expect(await settle()).toEqual(await settle());
        return;
      }
      const expected = model.settle(held, amount);
      if (expected === "conflict") await expect(settle()).rejects.toMatchObject({ reason: "already_settled" });
      else expect(await settle()).toMatchObject({ ...expected, unsettled: amount - expected.settled });
    }),
  ),
  fc.tuple(fc.constantFrom(0, 700, 20_000, null), fc.constantFrom(null, 2 * HOUR, 3 * DAY)).map(([limit, lasts]) =>
    command(`override ${limit} for ${lasts} ms`, async (model, { userId }) => {
      const expiresAt = model.override("words_used", limit, lasts);
      await gateway.setLimitOverride(userId, "words_used", limit, { expiresAt, by: "test" });
    }),
  ),
  ...[0, 1].map(() =>
    fc.constantFrom(...ACTIONS.filter((action) => !action.startsWith("use"))).map((action) =>
      command(action, async (model, { userId }) => {
        await happens(model, action, userId);
      }),
    ),
  ),
];

/** Time passes or the processor has news, which comes at once. */
async function happens(model: GateModel, action: Action, userId: string): Promise<void> {
  const news = model.act(action);
  await gateway.setSandboxClock(userId, model.world.now);
  for (const fact of news ?? []) {
    const { body } = await deliver(gateway, renderStripe(fact, userId, "g2"));
    expect(body).toMatchObject({ outcome: "applied" });
  }
}

/** No reason where none is expected. */
function exactly(expected: Expected | undefined): Record<string, unknown> {
  const { reason, ...numbers } = expected as Expected;
  return reason === undefined ? numbers : { ...numbers, reason };
}

async function expectSameMeters(model: GateModel, { userId }: Real): Promise<void> {
  const { used, reserved, unpaidHeld, limit, remaining } = model.meter("words_used");
  expect(await meter(userId, "words_used")).toMatchObject({ used, reserved, unpaidHeld, limit, remaining });
}

let users = 0;

describe("the model and the gate", () => {
  test.concurrent.each(Array.from({ length: LANES }, (_, lane) => [lane]))(
    `say the same in ${RUNS / LANES} runs (%i)`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { maxCommands: 16, size: "max" }), async (run) => {
          users += 1;
          const userId = `model-${users}`;
          const model = new GateModel();
          await gateway.setSandboxClock(userId, model.world.now);
          await gateway.usage(userId);
          await fc.asyncModelRun(async () => ({ model, real: { userId } }), run);
          await expectSameMeters(model, { userId });
        }),
        { numRuns: RUNS / LANES },
      );
    },
  );

  test("no counter drifted from its ledger", async () => {
    const drifts: unknown[] = [];
    let after: string | null = "";
    while (after !== null) {
      const page: Awaited<ReturnType<typeof gateway.findUsageDrift>> = await gateway.findUsageDrift(after);
      drifts.push(...page.drifts);
      after = page.next;
    }
    expect(drifts).toEqual([]);
    const [negative] = await query(
      "select count(*)::int as rows from subscriptions where (usage ->> 'words_used')::bigint < 0",
    );
    expect(negative).toEqual({ rows: 0 });
  });
});
