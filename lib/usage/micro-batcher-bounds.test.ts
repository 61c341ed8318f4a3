/** The bounds of the micro-batcher's queues, and its order of answers. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BROKEN, DOWN, manualBatcher, type Reply, type Statement } from "@/tests/support/manual-batcher";

describe("bounds", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("a call beyond maxWaiting is refused without being sent until answers make room", async () => {
    const { call, flying } = manualBatcher({ maxWaiting: 3 });
    const answers = [call("a"), call(), call()];
    expect(await call()).toBe("overloaded");
    // Calls in a user's queue count too.
    await flying("batch").answer([null]);
    expect(await call()).toBe("overloaded");
    await flying("sequential").answer();
    const next = call();
    expect(await call()).toBe("overloaded");
    await flying("batch").answer();
    await flying("batch").answer();
    expect(await Promise.all([...answers, next])).toEqual(["sequential 0", "batch 1", "batch 2", "batch 5"]);
  });

  test("calls of one user leave room for other users", async () => {
    const { call, answerAll } = manualBatcher({ maxWaiting: 5, maxWaitingPerOwner: 2 });
    const mine = [call("a"), call("a")];
    expect(await call("a")).toBe("overloaded");
    const others = [call("b"), call("c")];
    await answerAll();
    expect(await Promise.all([...mine, ...others])).not.toContain("overloaded");
    const again = call("a");
    await answerAll();
    expect(await again).not.toBe("overloaded");
  });

  test.each(["batch", "sequential"] as const)(
    "a call that waits too long is refused without being sent (%s)",
    async (mode) => {
      const { statements, call, flying } = manualBatcher({ maxWaitMs: 1_000 });
      const first = call("a");
      if (mode === "sequential") await flying("batch").answer([null]);
      const late = call("a");
      vi.advanceTimersByTime(600);
      const young = call("a");
      vi.advanceTimersByTime(600);
      await flying(mode).answer();
      expect(await late).toBe("overloaded");
      expect(flying(mode).ids).toEqual([2]);
      // A call that was sent in time waits for its answer without a limit.
      vi.advanceTimersByTime(60_000);
      await flying(mode).answer();
      expect(await Promise.all([first, young])).toEqual([`${mode} 0`, `${mode} 2`]);
      expect(statements).toEqual([]);
    },
  );

  test("after all answers, failed ones too, the whole capacity is free", async () => {
    const { statements, call, answerAll } = manualBatcher({
      maxWaiting: 40,
      maxCalls: 4,
      maxQueuesInFlight: 2,
      maxWaitMs: 1_000,
    });
    const replies: ((statement: Statement) => Reply | undefined)[] = [
      () => undefined,
      ({ mode, ids }) => (mode === "batch" ? ids.map(() => null) : BROKEN),
      () => DOWN,
      ({ ids }) => ids.map(() => BROKEN),
    ];
    const answers = Array.from({ length: 40 }, (_, index) => call(`owner ${index % 5}`));
    for (let round = 0; statements[0]; round += 1) {
      if (round === 6) vi.advanceTimersByTime(1_001);
      await statements[0].answer(replies[round % replies.length]?.(statements[0]));
    }
    expect(await Promise.all(answers)).toHaveLength(40);
    const again = Array.from({ length: 40 }, (_, index) => call(`owner ${index % 5}`));
    expect(await call()).toBe("overloaded");
    await answerAll();
    // All queues are gone: all calls ran in batch mode.
    expect((await Promise.all(again)).every((answer) => answer.startsWith("batch"))).toBe(true);
  });
});

test("in any order of arrivals and answers, each call is answered once and the calls of a user keep their order", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ owner: fc.constantFrom("a", "b", "c", "d") }) },
    {
      weight: 2,
      arbitrary: fc.record({ statement: fc.nat(6), reply: fc.constantFrom("all", "some", "none", "broken", "down") }),
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, maxQueuesInFlight) => {
        const { statements, call } = manualBatcher({ maxCalls: 3, maxQueuesInFlight, maxWaitMs: 1e9 });
        const owners: string[] = [];
        const evaluated: number[] = [];
        const answers: Promise<string>[] = [];

        async function reply(statement: Statement, kind: string): Promise<void> {
          const { mode, ids } = statement;
          const open = (id: number) =>
            mode === "batch" && (kind === "none" || (kind === "some" && owners[id] === owners[ids[0] ?? 0]));
          const failed = kind === "down" || (kind === "broken" && mode === "sequential");
          // A call counts as evaluated when its last statement answers or fails.
          evaluated.push(...ids.filter((id) => failed || (kind !== "broken" && !open(id))));
          if (kind === "broken" || kind === "down") return statement.answer(kind === "down" ? DOWN : BROKEN);
          return statement.answer(ids.map((id) => (open(id) ? null : `${mode} ${id}`)));
        }

        for (const each of steps) {
          if ("owner" in each) {
            owners.push(each.owner);
            answers.push(call(each.owner));
          } else {
            const statement = statements[each.statement % Math.max(1, statements.length)];
            if (statement) await reply(statement, each.reply);
          }
          // At most one batch and maxQueuesInFlight queues are in flight, and no user has two statements.
          expect(statements.filter(({ mode }) => mode === "batch").length).toBeLessThanOrEqual(1);
          expect(statements.filter(({ mode }) => mode === "sequential").length).toBeLessThanOrEqual(maxQueuesInFlight);
          const flying = statements.flatMap(({ ids }) => [...new Set(ids.map((id) => owners[id]))]);
          expect(new Set(flying).size).toBe(flying.length);
        }
        while (statements[0]) await reply(statements[0], "all");
        await Promise.all(answers);

        expect([...evaluated].sort((a, b) => a - b)).toEqual(owners.map((_, id) => id));
        for (const owner of new Set(owners)) {
          const own = evaluated.filter((id) => owners[id] === owner);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
