import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DatabaseError } from "@/lib/database";
import { type Mode, microBatcher } from "./micro-batcher";

interface Call {
  owner: string;
  id: number;
}
type Reply = (DatabaseError | string | null)[] | Error;

/** One statement in flight: its calls, and the function that answers it. */
interface Statement {
  mode: Mode;
  ids: number[];
  answer: (reply?: Reply) => Promise<void>;
}

const DOWN = new DatabaseError("gone", "unavailable", "57P01");
const BROKEN = new DatabaseError("wrong", "broken", "XX000");

/** Resolves after the microtasks and event-loop passes that an answer causes. */
const settled = async () => {
  for (const _ of [1, 2]) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** A micro-batcher whose statements stay in flight until the test answers them. */
function batcher(
  limits: {
    maxCalls?: number;
    maxWaiting?: number;
    maxWaitingPerOwner?: number;
    maxQueuesInFlight?: number;
    maxWaitMs?: number;
  } = {},
) {
  const statements: Statement[] = [];
  const sent = (mode: Mode) => (calls: readonly Call[]) =>
    new Promise<never>((resolve, reject) => {
      const statement: Statement = {
        mode,
        ids: calls.map(({ id }) => id),
        answer: (reply = calls.map(({ id }) => `${mode} ${id}`)) => {
          statements.splice(statements.indexOf(statement), 1);
          if (reply instanceof Error) reject(reply);
          else resolve(reply as never);
          return settled();
        },
      };
      statements.push(statement);
    });
  const evaluate = microBatcher<Call, string>({
    ownerOf: ({ owner }) => owner,
    batch: sent("batch"),
    sequential: sent("sequential"),
    ...limits,
  });
  let calls = 0;
  return {
    statements,
    /** The only statement in flight of this mode. */
    flying(mode: Mode): Statement {
      const [statement, ...others] = statements.filter((each) => each.mode === mode);
      if (statement === undefined || others.length > 0) throw new Error(`${others.length + 1} ${mode} in flight`);
      return statement;
    },
    /** Answers every statement until none is in flight. */
    async answerAll(): Promise<void> {
      for (let next = statements.at(0); next; next = statements.at(0)) await next.answer();
    },
    /** Calls with the ids 0, 1, 2 … in the order they are made; the error's code where it failed. */
    call(owner = `owner of ${calls}`): Promise<string> {
      const id = calls;
      calls += 1;
      return evaluate({ owner, id }).catch((error: DatabaseError) => error.code);
    },
  };
}

describe("batch", () => {
  test("a single call is sent before its caller has the promise", async () => {
    const { statements, call, flying } = batcher();
    const answer = call();
    expect(statements).toMatchObject([{ mode: "batch", ids: [0] }]);
    await flying("batch").answer();
    expect(await answer).toBe("batch 0");
    void call();
    expect(statements).toMatchObject([{ ids: [1] }]);
  });

  test("calls that arrive during a statement share the next one, and each gets its own answer", async () => {
    const { statements, call, flying } = batcher();
    const answers = [call(), call(), call("a"), call("a")];
    expect(statements).toMatchObject([{ ids: [0] }]);
    await flying("batch").answer();
    expect(statements).toMatchObject([{ ids: [1, 2, 3] }]);
    await flying("batch").answer();
    expect(await Promise.all(answers)).toEqual(["batch 0", "batch 1", "batch 2", "batch 3"]);
    expect(statements).toEqual([]);
  });

  test("a statement has at most maxCalls calls; the others follow in their order", async () => {
    const { call, flying } = batcher({ maxCalls: 3 });
    const answers = Array.from({ length: 8 }, () => call("a"));
    const batches = [];
    for (const _ of [1, 2, 3, 4]) {
      batches.push(flying("batch").ids);
      await flying("batch").answer();
    }
    expect(batches).toEqual([[0], [1, 2, 3], [4, 5, 6], [7]]);
    expect(await Promise.all(answers)).toHaveLength(8);
  });

  test("an unavailable database fails the calls of that statement only", async () => {
    const { call, flying } = batcher();
    const answers = [call(), call(), call()];
    await flying("batch").answer();
    await flying("batch").answer(DOWN);
    const later = call();
    await flying("batch").answer();
    expect(await Promise.all([...answers, later])).toEqual(["batch 0", "57P01", "57P01", "batch 3"]);
  });
});

describe("sequential mode", () => {
  test("a call that the batch leaves runs sequentially after the others got their answers", async () => {
    const { call, flying } = batcher();
    const answers = [call("first"), call("a"), call("b")];
    await flying("batch").answer();
    await flying("batch").answer(["a's", null]);
    expect(await answers[1]).toBe("a's");
    expect(flying("sequential").ids).toEqual([2]);
    await flying("sequential").answer();
    expect(await answers[2]).toBe("sequential 2");
  });

  test("the calls that the batch leaves of one user share one statement, and later calls follow it", async () => {
    const { statements, call, flying } = batcher();
    void call();
    const answers = [call("a"), call("a")];
    await flying("batch").answer();
    const during = call("a");
    await flying("batch").answer([null, null]);
    expect(flying("sequential").ids).toEqual([1, 2]);
    const after = call("a");
    expect(statements).toHaveLength(1);
    await flying("sequential").answer();
    expect(flying("sequential").ids).toEqual([3, 4]);
    await flying("sequential").answer();
    expect(await Promise.all([...answers, during, after])).toEqual([
      "sequential 1",
      "sequential 2",
      "sequential 3",
      "sequential 4",
    ]);
    // The queue is gone: the user's next call runs in batch mode.
    void call("a");
    expect(flying("batch").ids).toEqual([5]);
  });

  test("a statement that hangs delays only its user", async () => {
    const { call, flying, statements } = batcher();
    const stuck = call("stuck");
    await flying("batch").answer([null]);
    const behind = call("stuck");
    for (const owner of ["a", "b"]) {
      const answer = call(owner);
      await flying("batch").answer();
      expect(await answer).toMatch(/^batch/);
    }
    const open = call("c");
    await flying("batch").answer([null]);
    await statements.find(({ ids }) => ids[0] === 4)?.answer();
    expect(await open).toBe("sequential 4");
    await flying("sequential").answer();
    await flying("sequential").answer();
    expect(await Promise.all([stuck, behind])).toEqual(["sequential 0", "sequential 1"]);
  });

  test("at most maxQueuesInFlight users have a statement in flight; a user with more calls goes to the end", async () => {
    const { statements, call, flying } = batcher({ maxQueuesInFlight: 2, maxCalls: 2 });
    void call("first");
    for (const owner of ["a", "b", "c"]) for (const _ of [1, 2]) void call(owner);
    await flying("batch").answer();
    for (const _ of [1, 2, 3]) await flying("batch").answer([null, null]);
    const inFlight = () => statements.map(({ ids }) => ids);
    expect(inFlight()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    void call("a");
    await statements[0]?.answer();
    expect(inFlight()).toEqual([
      [3, 4],
      [5, 6],
    ]);
    await statements[0]?.answer();
    expect(inFlight()).toEqual([[5, 6], [7]]);
  });

  test("a call that fails does not fail the calls beside it", async () => {
    const { call, flying } = batcher();
    const answers = [call("a"), call("a"), call("a")];
    await flying("batch").answer([null]);
    await flying("sequential").answer();
    await flying("sequential").answer([new DatabaseError("no", "bad_input", "TG400"), "fine"]);
    expect(await Promise.all(answers)).toEqual(["sequential 0", "TG400", "fine"]);
  });

  test("a batch that fails runs again user by user, so that only the bad call fails", async () => {
    const { statements, call, flying } = batcher();
    const answers = [call("first"), call("a"), call("b"), call("a")];
    await flying("batch").answer();
    await flying("batch").answer(BROKEN);
    expect(statements.map(({ mode, ids }) => [mode, ids])).toEqual([
      ["sequential", [1, 3]],
      ["sequential", [2]],
    ]);
    await statements[0]?.answer(BROKEN);
    await statements[0]?.answer();
    expect(await Promise.all(answers)).toEqual(["batch 0", "XX000", "sequential 2", "XX000"]);
  });

  test("a call without an answer fails, so that no caller waits forever", async () => {
    const { call, flying } = batcher();
    const answer = call();
    await flying("batch").answer([]);
    await flying("sequential").answer([]);
    expect(await answer).toBe("");
  });
});

describe("bounds", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("a call beyond maxWaiting is refused without being sent until answers make room", async () => {
    const { call, flying } = batcher({ maxWaiting: 3 });
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
    const { call, answerAll } = batcher({ maxWaiting: 5, maxWaitingPerOwner: 2 });
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
      const { statements, call, flying } = batcher({ maxWaitMs: 1_000 });
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
    const { statements, call, answerAll } = batcher({
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

test("in any order of arrivals and answers, each call is answered once and a user's calls keep their order", async () => {
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
        const { statements, call } = batcher({ maxCalls: 3, maxQueuesInFlight, maxWaitMs: 1e9 });
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
