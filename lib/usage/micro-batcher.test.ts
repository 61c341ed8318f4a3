import { describe, expect, test } from "vitest";
import { DatabaseError } from "@/lib/database";
import { BROKEN, DOWN, manualBatcher } from "@/tests/support/manual-batcher";

describe("batch", () => {
  test("a single call is sent before its caller has the promise", async () => {
    const { statements, call, flying } = manualBatcher();
    const answer = call();
    expect(statements).toMatchObject([{ mode: "batch", ids: [0] }]);
    await flying("batch").answer();
    expect(await answer).toBe("batch 0");
    void call();
    expect(statements).toMatchObject([{ ids: [1] }]);
  });

  test("calls that arrive during a statement share the next one, and each gets its own answer", async () => {
    const { statements, call, flying } = manualBatcher();
    const answers = [call(), call(), call("a"), call("a")];
    expect(statements).toMatchObject([{ ids: [0] }]);
    await flying("batch").answer();
    expect(statements).toMatchObject([{ ids: [1, 2, 3] }]);
    await flying("batch").answer();
    expect(await Promise.all(answers)).toEqual(["batch 0", "batch 1", "batch 2", "batch 3"]);
    expect(statements).toEqual([]);
  });

  test("a statement has at most maxCalls calls; the others follow in their order", async () => {
    const { call, flying } = manualBatcher({ maxCalls: 3 });
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
    const { call, flying } = manualBatcher();
    const answers = [call(), call(), call()];
    await flying("batch").answer();
    await flying("batch").answer(DOWN);
    const later = call();
    await flying("batch").answer();
    expect(await Promise.all([...answers, later])).toEqual(["batch 0", "57P01", "57P01", "batch 3"]);
  });
});

describe("two batches in flight", () => {
  const options = { maxCalls: 3, minCallsBeside: 2 };

  test("a second batch is sent beside the first one once enough calls wait", () => {
    const { statements, call } = manualBatcher(options);
    void call("a");
    void call("b");
    expect(statements).toMatchObject([{ ids: [0] }]);
    void call("c");
    expect(statements).toMatchObject([{ ids: [0] }, { ids: [1, 2] }]);
    for (const owner of ["d", "e", "f"]) void call(owner);
    expect(statements).toHaveLength(2);
  });

  test("a user's calls are never in both: the later ones wait for the answer of the earlier ones", async () => {
    const { statements, call, flying } = manualBatcher(options);
    const first = call("a");
    const second = call("a");
    void call("b");
    void call("c");
    expect(statements).toMatchObject([{ ids: [0] }, { ids: [2, 3] }]);
    await statements[0]?.answer([null]);
    expect(flying("sequential").ids).toEqual([0]);
    // The user has a queue now, and the second call joins it behind the first.
    await flying("batch").answer();
    expect(statements).toMatchObject([{ mode: "sequential", ids: [0] }]);
    await flying("sequential").answer();
    expect(await first).toBe("sequential 0");
    await flying("sequential").answer();
    expect(await second).toBe("sequential 1");
  });

  test("an answer that cannot be read fails its calls, since they may be charged, and nothing is sent again", async () => {
    const { statements, call, flying } = manualBatcher();
    const answer = call("a");
    await flying("batch").answer(Object.assign(new TypeError("unreadable"), { code: "unreadable" }));
    expect(await answer).toBe("unreadable");
    expect(statements).toEqual([]);
  });
});

describe("sequential mode", () => {
  test("a call that the batch leaves runs sequentially after the others got their answers", async () => {
    const { call, flying } = manualBatcher();
    const answers = [call("first"), call("a"), call("b")];
    await flying("batch").answer();
    await flying("batch").answer(["a's", null]);
    expect(await answers[1]).toBe("a's");
    expect(flying("sequential").ids).toEqual([2]);
    await flying("sequential").answer();
    expect(await answers[2]).toBe("sequential 2");
  });

  test("the calls that the batch leaves of one user share one statement, and later calls follow it", async () => {
    const { statements, call, flying } = manualBatcher();
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
    const { call, flying, statements } = manualBatcher();
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

  test("at most maxQueuesInFlight users have a statement in flight; a user with more calls moves to the end", async () => {
    const { statements, call, flying } = manualBatcher({ maxQueuesInFlight: 2, maxCalls: 2 });
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
    const { call, flying } = manualBatcher();
    const answers = [call("a"), call("a"), call("a")];
    await flying("batch").answer([null]);
    await flying("sequential").answer();
    await flying("sequential").answer([new DatabaseError("no", "bad_input", "TG400"), "fine"]);
    expect(await Promise.all(answers)).toEqual(["sequential 0", "TG400", "fine"]);
  });

  test("a batch that fails runs again user by user, so that only the bad call fails", async () => {
    const { statements, call, flying } = manualBatcher();
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
    const { call, flying } = manualBatcher();
    const answer = call();
    await flying("batch").answer([]);
    await flying("sequential").answer([]);
    expect(await answer).toBe("");
  });
});
