import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { slots } from "./slots";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refusal = () => new Error("full");
const few = () => slots({ maxRunning: 2, maxWaiting: 2, maxWaitMs: 100, refusal });

/** The outcome of each call, in order. */
function watch(calls: Promise<() => void>[]) {
  const states: (string | (() => void))[] = calls.map(() => "waits");
  for (const [index, call] of calls.entries())
    call.then(
      (release) => (states[index] = release),
      (error: Error) => (states[index] = error.message),
    );
  return {
    async now() {
      await vi.advanceTimersByTimeAsync(0);
      return states.map((state) => (typeof state === "string" ? state : "runs"));
    },
    release: (index: number) => (states[index] as () => void)(),
  };
}

test("calls run up to maxRunning and wait up to maxWaiting; a further call is refused at once", async () => {
  const { enter } = few();
  const calls = watch([1, 2, 3, 4, 5].map(() => enter("one")));
  expect(await calls.now()).toEqual(["runs", "runs", "waits", "waits", "full"]);
});

test("another key has its own slots", async () => {
  const { enter } = few();
  const calls = watch(["one", "one", "one", "two"].map((key) => enter(key)));
  expect(await calls.now()).toEqual(["runs", "runs", "waits", "runs"]);
});

test("waiting calls run in their order, and a slot is released once", async () => {
  const { enter } = few();
  const calls = watch([1, 2, 3, 4].map(() => enter("one")));
  await calls.now();
  calls.release(0);
  calls.release(0);
  expect(await calls.now()).toEqual(["runs", "runs", "runs", "waits"]);
  calls.release(2);
  expect(await calls.now()).toEqual(["runs", "runs", "runs", "runs"]);
});

test("a call that waits too long is refused and removed from the queue", async () => {
  const { enter } = few();
  const calls = watch([1, 2, 3].map(() => enter("one")));
  await calls.now();
  await vi.advanceTimersByTimeAsync(100);
  expect(await calls.now()).toEqual(["runs", "runs", "full"]);
  calls.release(0);
  const later = watch([enter("one"), enter("one")]);
  expect(await later.now()).toEqual(["runs", "waits"]);
});

test("all slots are free again after all have been released", async () => {
  const { enter } = few();
  for (let round = 0; round < 3; round += 1) {
    const calls = watch([1, 2, 3, 4].map(() => enter("one")));
    for (let index = 0; index < 4; index += 1) {
      await calls.now();
      calls.release(index);
    }
  }
  expect(await watch([enter("one"), enter("one")]).now()).toEqual(["runs", "runs"]);
});
