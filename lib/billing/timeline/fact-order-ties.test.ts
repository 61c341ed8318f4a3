/** The order of facts with equal instants, and the equality of two states. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { day, days, factBuilder, subscriptionState } from "@/tests/support/fact-builders";
import type { Fact, SnapshotFact, SubscriptionState } from "../types";
import { SECOND_MS } from "./calendar";
import { groupByInstant, isSameState, orderByPreviousState } from "./fact-order";

const plan = (name: string) => subscriptionState({ plan: name });
const [A, B, C, D] = [plan("a"), plan("b"), plan("c"), plan("d")];
const ids = (facts: readonly { id: string }[]) => facts.map(({ id }) => id).join("");

function snapshot(
  id: string,
  after: SubscriptionState,
  previous: SubscriptionState | null,
  changeType: SnapshotFact["changeType"] = "updated",
) {
  return { ...factBuilder().snapshot(0, {}, { state: after, previous, changeType }), id };
}

describe("two states are equal", () => {
  test.each<[string, Partial<SubscriptionState>]>([
    ["plan", { plan: "high" }],
    ["interval", { interval: "yearly" }],
    ["quantity", { quantity: 2 }],
    ["status", { status: "past_due" }],
    ["cancelAt", { cancelAt: day(30) }],
    ["trialEnd", { trialEnd: day(30) }],
    ["collectionPaused", { collectionPaused: true }],
    ["periodStart", { periodStart: day(1) }],
    ["periodEnd", { periodEnd: day(31) }],
    ["no periodStart", { periodStart: null }],
    ["no periodEnd", { periodEnd: null }],
  ])("unless %s differs", (_, changes) => {
    expect(isSameState(subscriptionState(), subscriptionState())).toBe(true);
    expect(isSameState(subscriptionState(), subscriptionState(changes))).toBe(false);
    expect(isSameState(subscriptionState(changes), subscriptionState())).toBe(false);
    expect(isSameState(subscriptionState(changes), subscriptionState(changes))).toBe(true);
  });

  test("with starts and ends within a second", () => {
    const moved = (by: number) => subscriptionState({ periodStart: day(0) + by, periodEnd: day(30) - by });
    expect(isSameState(subscriptionState(), moved(SECOND_MS))).toBe(true);
    expect(isSameState(subscriptionState(), moved(SECOND_MS + 1))).toBe(false);
  });
});

describe("a state without an item and another state", () => {
  const none = { plan: null, interval: null, quantity: 1, periodStart: null, periodEnd: null };

  test("are equal if the status and the flags are equal", () => {
    const seats = subscriptionState({ quantity: 3 });
    expect(isSameState(subscriptionState(none), seats)).toBe(true);
    expect(isSameState(seats, subscriptionState(none))).toBe(true);
    expect(isSameState(subscriptionState({ ...none, status: "past_due" }), seats)).toBe(false);
    expect(isSameState(seats, subscriptionState({ ...none, cancelAt: day(30) }))).toBe(false);
  });

  test("are not equal if the former has a plan or a period", () => {
    expect(
      isSameState(subscriptionState({ plan: null, interval: null, quantity: 1 }), subscriptionState({ quantity: 3 })),
    ).toBe(false);
    expect(isSameState(subscriptionState({ periodStart: null }), subscriptionState())).toBe(false);
  });
});

describe("inside one instant", () => {
  const group = (...facts: Fact[]) => groupByInstant(facts).map(ids);

  test("snapshots are sorted by their period's start, then by the type of the change, then by id", () => {
    const [later, earlier] = [
      snapshot("a", subscriptionState(days(30, 60)), null),
      snapshot("b", subscriptionState(), null),
    ];
    expect(group(later, earlier)).toEqual(["ba"]);
    expect(group(earlier, later)).toEqual(["ba"]);
    const none = snapshot("c", subscriptionState({ periodStart: null }), null);
    expect(group(earlier, none)).toEqual(["cb"]);
    const [born, changed, gone] = [
      snapshot("z", subscriptionState(), null, "created"),
      snapshot("y", subscriptionState(), null),
      snapshot("x", subscriptionState(), null, "deleted"),
    ];
    for (const facts of [
      [born, changed, gone],
      [gone, changed, born],
      [changed, gone, born],
    ]) {
      expect(group(...facts)).toEqual(["zyx"]);
    }
    expect(group(snapshot("b", subscriptionState(), null), snapshot("a", subscriptionState(), null))).toEqual(["ab"]);
  });

  test("payments follow snapshots, by id", () => {
    const pays = (id: string) => ({ ...factBuilder().pay(0, 0, 30), id });
    const [p, q, s] = [pays("1"), pays("2"), snapshot("s", subscriptionState(), null)];
    for (const facts of [
      [q, s, p],
      [s, p, q],
      [p, q, s],
    ]) {
      expect(group(...facts)).toEqual(["s12"]);
    }
  });

  test("facts form one group per instant, in the order of the instants", () => {
    const a = factBuilder();
    const facts = [a.snapshot(5), a.snapshot(0), a.pay(5, 0, 30), a.snapshot(0)];
    expect(groupByInstant(facts).map((each) => each.map(({ at }) => at))).toEqual([
      [day(0), day(0)],
      [day(5), day(5)],
    ]);
  });
});

describe("the chain of states", () => {
  test("begins with the creation only if no state was known", () => {
    const [born, other] = [snapshot("b", A, null, "created"), snapshot("a", A, null)];
    expect(ids(orderByPreviousState([other, born], null))).toBe("ba");
    expect(ids(orderByPreviousState([other, born], A))).toBe("ab");
    expect(ids(orderByPreviousState([snapshot("x", B, A), snapshot("n", A, null)], null))).toBe("nx");
  });

  test("uses the most links, not the first link", () => {
    // A→B first leaves A→C→A behind: two links; A→C→A→B has three.
    const facts = [snapshot("1", B, A), snapshot("2", C, A), snapshot("3", A, C)];
    expect(ids(orderByPreviousState(facts, A))).toBe("231");
    expect(ids(orderByPreviousState(facts.toReversed(), A))).toBe("231");
  });

  test("begins with the first of equals; a list of one or none is unchanged", () => {
    const facts = [snapshot("2", B, C), snapshot("1", C, D)];
    expect(ids(orderByPreviousState(facts, null))).toBe("12");
    expect(ids(orderByPreviousState([snapshot("2", A, null), snapshot("1", A, null)], A))).toBe("21");
    expect(orderByPreviousState([], A)).toEqual([]);
    expect(ids(orderByPreviousState([snapshot("1", B, C)], A))).toBe("1");
  });

  test("does not undo a change with a state that was fetched in the same second", () => {
    const fetched = snapshot("read:sub_1", A, null);
    const canceled = snapshot("evt_1", plan("b"), A);
    for (const facts of [
      [fetched, canceled],
      [canceled, fetched],
    ]) {
      expect(orderByPreviousState(facts, A)).toEqual([fetched, canceled]);
      expect(orderByPreviousState(facts, null)).toEqual([fetched, canceled]);
    }
    // Fetched after the change, or after a second change whose event is late.
    for (const state of [B, C]) {
      const later = snapshot("read:sub_1", state, null);
      expect(orderByPreviousState([later, canceled], A)).toEqual([canceled, later]);
    }
    // A creation whose state was fetched in an earlier second.
    const created = snapshot("z", A, null, "created");
    expect(orderByPreviousState([canceled, created], A)).toEqual([created, canceled]);
    // Between a change and its undoing.
    const [between, undone] = [snapshot("read:sub_1", B, null), snapshot("evt_2", A, B)];
    expect(orderByPreviousState([canceled, undone, between], A)).toEqual([canceled, between, undone]);
    // With more facts than are searched.
    const steps = Array.from({ length: 10 }, (_, index) =>
      snapshot(String.fromCharCode(97 + index), plan(`${index + 1}`), plan(`${index}`)),
    );
    expect(ids(orderByPreviousState([...steps, snapshot("r", plan("0"), null)], plan("0")))).toBe("rabcdefghij");
  });

  test("ends in the latest state, with all events and any fetched states of one second", () => {
    const plans = fc.constantFrom("a", "b", "c");
    const history = fc.record({
      states: fc.array(plans, { minLength: 2, maxLength: 7 }),
      fetchedAt: fc.array(fc.nat({ max: 6 }), { maxLength: 3 }),
      order: fc.infiniteStream(fc.nat({ max: 1_000 })),
    });
    fc.assert(
      fc.property(history, ({ states, fetchedAt, order }) => {
        const [first = "a", ...later] = states;
        const events = later.map((after, index) => snapshot(`evt_${index}`, plan(after), plan(states[index] ?? "a")));
        const fetched = fetchedAt.map((index) => snapshot(`read_${index}`, plan(states[index] ?? first), null));
        const arrived = [...events, ...fetched]
          .map((fact) => ({ fact, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ fact }) => fact);
        expect(orderByPreviousState(arrived, plan(first)).at(-1)?.state.plan).toBe(states.at(-1));
      }),
      { numRuns: 2_000 },
    );
  });

  test("uses every snapshot once, by a search up to ten and greedily from eleven on", () => {
    const line = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        snapshot(String.fromCharCode(97 + index), plan(`${index + 1}`), plan(`${index}`)),
      );
    for (const count of [10, 11]) {
      const facts = line(count);
      expect(ids(orderByPreviousState(facts.toReversed(), plan("0")))).toBe(ids(facts));
      // Without the state so far, a snapshot that follows no other one begins.
      expect(ids(orderByPreviousState(facts.toReversed(), null))).toBe(ids(facts));
    }
    // A loop at the beginning: the greedy order takes the first link, the search the longer chain.
    const trap = [snapshot("!", plan("x"), plan("0")), ...line(8), snapshot("?", plan("0"), plan("8"))];
    expect(ids(orderByPreviousState(trap, plan("0")))).toBe("abcdefgh?!");
    const greedy = [snapshot("!", plan("x"), plan("0")), ...line(9), snapshot("?", plan("0"), plan("9"))];
    expect(ids(orderByPreviousState(greedy, plan("0")))).toBe("!abcdefghi?");
  });

  test("begins, if greedy, with a fact that follows only itself or has no previous state", () => {
    const steps = Array.from({ length: 10 }, (_, index) =>
      snapshot(String.fromCharCode(97 + index), plan(`${index + 1}`), plan(`${index}`)),
    );
    for (const before of [plan("0"), null]) {
      const facts = [...steps.toReversed(), snapshot("s", plan("0"), before)];
      expect(ids(orderByPreviousState(facts, null))).toBe("sabcdefghij");
    }
  });

  test("begins, if greedy, with the first fact if each fact follows another and none the known state", () => {
    const ring = Array.from({ length: 11 }, (_, index) =>
      snapshot(String.fromCharCode(97 + index), plan(`${(index + 1) % 11}`), plan(`${index}`)),
    );
    expect(ids(orderByPreviousState(ring, null))).toBe("abcdefghijk");
    expect(ids(orderByPreviousState(ring, plan("5")))).toBe("fghijkabcde");
    const self = Array.from({ length: 11 }, (_, index) => snapshot(String.fromCharCode(97 + index), A, A));
    expect(ids(orderByPreviousState(self, B))).toBe("abcdefghijk");
  });
});
