import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DatabaseError } from "@/lib/database";
import { coalesce } from "./coalesce";

interface Call {
  owner: string;
  id: number;
}
type Reply = (DatabaseError | string | null)[] | Error;

/** One statement in flight: what it carries, and how a test lets it come back. */
interface Statement {
  road: "together" | "inTurn";
  ids: number[];
  answer: (reply?: Reply) => Promise<void>;
}

const DOWN = new DatabaseError("gone", "unavailable", "57P01");
const BROKEN = new DatabaseError("wrong", "broken", "XX000");

/** What follows from an answer, without any waiting, has happened: microtasks, and one turn of the event loop. */
const settled = async () => {
  for (const _ of [1, 2]) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** A coalescer whose statements stay in flight until the test answers them. */
function coalescer(
  limits: { batch?: number; waiting?: number; waitingPerOwner?: number; lanes?: number; patience?: number } = {},
) {
  const statements: Statement[] = [];
  const sent = (road: Statement["road"]) => (calls: readonly Call[]) =>
    new Promise<never>((resolve, reject) => {
      const statement: Statement = {
        road,
        ids: calls.map(({ id }) => id),
        answer: (reply = calls.map(({ id }) => `${road} ${id}`)) => {
          statements.splice(statements.indexOf(statement), 1);
          if (reply instanceof Error) reject(reply);
          else resolve(reply as never);
          return settled();
        },
      };
      statements.push(statement);
    });
  const judge = coalesce<Call, string>({
    ownerOf: ({ owner }) => owner,
    together: sent("together"),
    inTurn: sent("inTurn"),
    ...limits,
  });
  let calls = 0;
  return {
    statements,
    /** The only statement of its road in flight. */
    flying(road: Statement["road"]): Statement {
      const [statement, ...others] = statements.filter((each) => each.road === road);
      if (statement === undefined || others.length > 0) throw new Error(`${others.length + 1} ${road} in flight`);
      return statement;
    },
    /** Answers whatever is sent, until nothing is. */
    async answerAll(): Promise<void> {
      for (let next = statements.at(0); next; next = statements.at(0)) await next.answer();
    },
    /** Calls with the ids 0, 1, 2 … in the order they are made; the error's code where it failed. */
    call(owner = `owner of ${calls}`): Promise<string> {
      const id = calls;
      calls += 1;
      return judge({ owner, id }).catch((error: DatabaseError) => error.code);
    },
  };
}

describe("together", () => {
  test("a lone call is sent before the caller has the promise: no timer, no turn of the loop", async () => {
    const { statements, call, flying } = coalescer();
    const answer = call();
    expect(statements).toMatchObject([{ road: "together", ids: [0] }]);
    await flying("together").answer();
    expect(await answer).toBe("together 0");
    void call();
    expect(statements).toMatchObject([{ ids: [1] }]);
  });

  test("calls that arrive while one is in flight travel in the next, each with its own answer", async () => {
    const { statements, call, flying } = coalescer();
    const answers = [call(), call(), call("a"), call("a")];
    expect(statements).toMatchObject([{ ids: [0] }]);
    await flying("together").answer();
    expect(statements).toMatchObject([{ ids: [1, 2, 3] }]);
    await flying("together").answer();
    expect(await Promise.all(answers)).toEqual(["together 0", "together 1", "together 2", "together 3"]);
    expect(statements).toEqual([]);
  });

  test("no statement carries more than the batch; the rest goes next, in the order it came", async () => {
    const { call, flying } = coalescer({ batch: 3 });
    const answers = Array.from({ length: 8 }, () => call("a"));
    const batches = [];
    for (const _ of [1, 2, 3, 4]) {
      batches.push(flying("together").ids);
      await flying("together").answer();
    }
    expect(batches).toEqual([[0], [1, 2, 3], [4, 5, 6], [7]]);
    expect(await Promise.all(answers)).toHaveLength(8);
  });

  test("a database that is not there fails that statement's calls and no others", async () => {
    const { call, flying } = coalescer();
    const answers = [call(), call(), call()];
    await flying("together").answer();
    await flying("together").answer(DOWN);
    const later = call();
    await flying("together").answer();
    expect(await Promise.all([...answers, later])).toEqual(["together 0", "57P01", "57P01", "together 3"]);
  });
});

describe("in turn", () => {
  test("a call left open is judged in turn; the others have their answers already", async () => {
    const { call, flying } = coalescer();
    const answers = [call("first"), call("a"), call("b")];
    await flying("together").answer();
    await flying("together").answer(["a's", null]);
    expect(await answers[1]).toBe("a's");
    expect(flying("inTurn").ids).toEqual([2]);
    await flying("inTurn").answer();
    expect(await answers[2]).toBe("inTurn 2");
  });

  test("all that was left open of one owner goes in one statement, later calls behind it", async () => {
    const { statements, call, flying } = coalescer();
    void call();
    const answers = [call("a"), call("a")];
    await flying("together").answer();
    const during = call("a");
    await flying("together").answer([null, null]);
    expect(flying("inTurn").ids).toEqual([1, 2]);
    const after = call("a");
    expect(statements).toHaveLength(1);
    await flying("inTurn").answer();
    expect(flying("inTurn").ids).toEqual([3, 4]);
    await flying("inTurn").answer();
    expect(await Promise.all([...answers, during, after])).toEqual(["inTurn 1", "inTurn 2", "inTurn 3", "inTurn 4"]);
    // The lane is closed: the owner travels with everybody again.
    void call("a");
    expect(flying("together").ids).toEqual([5]);
  });

  test("an owner whose statement hangs keeps nobody else waiting", async () => {
    const { call, flying, statements } = coalescer();
    const stuck = call("stuck");
    await flying("together").answer([null]);
    const behind = call("stuck");
    for (const owner of ["a", "b"]) {
      const answer = call(owner);
      await flying("together").answer();
      expect(await answer).toMatch(/^together/);
    }
    const open = call("c");
    await flying("together").answer([null]);
    await statements.find(({ ids }) => ids[0] === 4)?.answer();
    expect(await open).toBe("inTurn 4");
    await flying("inTurn").answer();
    await flying("inTurn").answer();
    expect(await Promise.all([stuck, behind])).toEqual(["inTurn 0", "inTurn 1"]);
  });

  test("no more lanes at once than allowed; an owner with more to send goes to the back", async () => {
    const { statements, call, flying } = coalescer({ lanes: 2, batch: 2 });
    void call("first");
    for (const owner of ["a", "b", "c"]) for (const _ of [1, 2]) void call(owner);
    await flying("together").answer();
    for (const _ of [1, 2, 3]) await flying("together").answer([null, null]);
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

  test("a member that fails fails alone", async () => {
    const { call, flying } = coalescer();
    const answers = [call("a"), call("a"), call("a")];
    await flying("together").answer([null]);
    await flying("inTurn").answer();
    await flying("inTurn").answer([new DatabaseError("no", "bad_input", "TG400"), "fine"]);
    expect(await Promise.all(answers)).toEqual(["inTurn 0", "TG400", "fine"]);
  });

  test("a set that broke is judged owner by owner, so that what broke it fails alone", async () => {
    const { statements, call, flying } = coalescer();
    const answers = [call("first"), call("a"), call("b"), call("a")];
    await flying("together").answer();
    await flying("together").answer(BROKEN);
    expect(statements.map(({ road, ids }) => [road, ids])).toEqual([
      ["inTurn", [1, 3]],
      ["inTurn", [2]],
    ]);
    await statements[0]?.answer(BROKEN);
    await statements[0]?.answer();
    expect(await Promise.all(answers)).toEqual(["together 0", "XX000", "inTurn 2", "XX000"]);
  });

  test("a statement that leaves a call unanswered fails it: no caller waits for ever", async () => {
    const { call, flying } = coalescer();
    const answer = call();
    await flying("together").answer([]);
    await flying("inTurn").answer([]);
    expect(await answer).toBe("");
  });
});

describe("bounds", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("one call more than may wait is refused at once, unsent; room comes back with the answers", async () => {
    const { call, flying } = coalescer({ waiting: 3 });
    const answers = [call("a"), call(), call()];
    expect(await call()).toBe("overloaded");
    // What waits in a lane counts too.
    await flying("together").answer([null]);
    expect(await call()).toBe("overloaded");
    await flying("inTurn").answer();
    const next = call();
    expect(await call()).toBe("overloaded");
    await flying("together").answer();
    await flying("together").answer();
    expect(await Promise.all([...answers, next])).toEqual(["inTurn 0", "together 1", "together 2", "together 5"]);
  });

  test("one owner's calls leave room to the others", async () => {
    const { call, answerAll } = coalescer({ waiting: 5, waitingPerOwner: 2 });
    const mine = [call("a"), call("a")];
    expect(await call("a")).toBe("overloaded");
    const others = [call("b"), call("c")];
    await answerAll();
    expect(await Promise.all([...mine, ...others])).not.toContain("overloaded");
    const again = call("a");
    await answerAll();
    expect(await again).not.toBe("overloaded");
  });

  test.each(["together", "inTurn"] as const)(
    "what waited too long to be sent is refused, unsent (%s)",
    async (road) => {
      const { statements, call, flying } = coalescer({ patience: 1_000 });
      const first = call("a");
      if (road === "inTurn") await flying("together").answer([null]);
      const late = call("a");
      vi.advanceTimersByTime(600);
      const young = call("a");
      vi.advanceTimersByTime(600);
      await flying(road).answer();
      expect(await late).toBe("overloaded");
      expect(flying(road).ids).toEqual([2]);
      // One that was sent in time waits for its answer however long that takes.
      vi.advanceTimersByTime(60_000);
      await flying(road).answer();
      expect(await Promise.all([first, young])).toEqual([`${road} 0`, `${road} 2`]);
      expect(statements).toEqual([]);
    },
  );

  test("nothing is left when all is answered: the whole room is free again, whatever happened", async () => {
    const { statements, call, answerAll } = coalescer({ waiting: 40, batch: 4, lanes: 2, patience: 1_000 });
    const replies: ((statement: Statement) => Reply | undefined)[] = [
      () => undefined,
      ({ road, ids }) => (road === "together" ? ids.map(() => null) : BROKEN),
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
    // Every owner's lane is gone too: all of them travelled together.
    expect((await Promise.all(again)).every((answer) => answer.startsWith("together"))).toBe(true);
  });
});

test("in any order of arrivals and answers: each call is answered once, an owner's calls in their order", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ owner: fc.constantFrom("a", "b", "c", "d") }) },
    {
      weight: 2,
      arbitrary: fc.record({ statement: fc.nat(6), reply: fc.constantFrom("all", "some", "none", "broken", "down") }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 4 }), async (steps, lanes) => {
      const { statements, call } = coalescer({ batch: 3, lanes, patience: 1e9 });
      const owners: string[] = [];
      const judged: number[] = [];
      const answers: Promise<string>[] = [];

      async function reply(statement: Statement, kind: string): Promise<void> {
        const { road, ids } = statement;
        const open = (id: number) =>
          road === "together" && (kind === "none" || (kind === "some" && owners[id] === owners[ids[0] ?? 0]));
        const failed = kind === "down" || (kind === "broken" && road === "inTurn");
        // A call counts as judged when its last statement comes back, whatever it says.
        judged.push(...ids.filter((id) => failed || (kind !== "broken" && !open(id))));
        if (kind === "broken" || kind === "down") return statement.answer(kind === "down" ? DOWN : BROKEN);
        return statement.answer(ids.map((id) => (open(id) ? null : `${road} ${id}`)));
      }

      for (const each of steps) {
        if ("owner" in each) {
          owners.push(each.owner);
          answers.push(call(each.owner));
        } else {
          const statement = statements[each.statement % Math.max(1, statements.length)];
          if (statement) await reply(statement, each.reply);
        }
        // Never more in flight than one set and the lanes, and no owner twice at once.
        expect(statements.filter(({ road }) => road === "together").length).toBeLessThanOrEqual(1);
        expect(statements.filter(({ road }) => road === "inTurn").length).toBeLessThanOrEqual(lanes);
        const flying = statements.flatMap(({ ids }) => [...new Set(ids.map((id) => owners[id]))]);
        expect(new Set(flying).size).toBe(flying.length);
      }
      while (statements[0]) await reply(statements[0], "all");
      await Promise.all(answers);

      expect([...judged].sort((a, b) => a - b)).toEqual(owners.map((_, id) => id));
      for (const owner of new Set(owners)) {
        const own = judged.filter((id) => owners[id] === owner);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }),
    { numRuns: 2_000 },
  );
});
