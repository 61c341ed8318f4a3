import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { product } from "@/lib/config/current-catalog";
import type { DiscountFact, DiscountTerms, Fact, NamedDiscount, SnapshotFact } from "../types";
import { decide, fold } from "./build-timeline";
import { addMonths, DAY_MS } from "./calendar";
import { lackTerms } from "./discounts";

const START = Date.parse("2026-03-01T10:00:00Z");
const origin = { processor: "stripe", subscription: "sub_1" } as const;
const mail = product("mail");

const spring: DiscountTerms = { id: "spring20", name: "Spring", code: "SPRING", off: { percent: 20 } };
const named = (key: string, more: Partial<NamedDiscount> = {}): NamedDiscount => ({ key, terms: null, ...more });
const whole = (key: string, endsAt: number | null = null) => named(key, { terms: spring, endsAt });

let facts = 0;
function snapshot(at: number, discounts?: NamedDiscount[], state: Partial<SnapshotFact["state"]> = {}): SnapshotFact {
  facts += 1;
  return {
    ...origin,
    kind: "snapshot",
    id: `stripe:evt_${facts}:snapshot`,
    at,
    changeType: at === START ? "created" : "updated",
    state: {
      plan: "silver",
      interval: "monthly",
      quantity: 1,
      status: "active",
      periodStart: START,
      periodEnd: addMonths(START, 1),
      cancelAt: null,
      trialEnd: null,
      collectionPaused: false,
      ...state,
    },
    previous: null,
    ...(discounts && { discounts }),
  };
}
function discount(at: number, change: DiscountFact["change"], said: NamedDiscount): DiscountFact {
  facts += 1;
  return { ...origin, kind: "discount", id: `stripe:evt_${facts}:discount`, at, change, discount: said };
}

const timeline = (all: readonly Fact[]) => fold(mail, all, START - DAY_MS);
const discounts = (...all: Fact[]) => timeline(all).records[0]?.discounts;

describe("the discounts of a subscription", () => {
  test("are those of the latest list, with the terms from any event", () => {
    const began = snapshot(START, [named("di_1")]);
    expect(discounts(began)).toEqual([{ key: "di_1", terms: null, endsAt: null }]);
    const known = { key: "di_1", terms: spring, endsAt: START + DAY_MS };
    expect(discounts(began, discount(START, "set", whole("di_1", START + DAY_MS)))).toEqual([known]);
    // A later event with the id only removes no terms.
    const later = [snapshot(START + DAY_MS, [named("di_1")]), snapshot(START + 2 * DAY_MS)];
    expect(discounts(began, discount(START, "set", whole("di_1", START + DAY_MS)), ...later)).toEqual([known]);
    expect(discounts(began, snapshot(START + DAY_MS, []))).toBeUndefined();
    expect(discounts(began, snapshot(START + DAY_MS, [named("di_2")]))).toMatchObject([{ key: "di_2" }]);
  });

  test("begin and end by their own events, which override a list of the same second", () => {
    const began = snapshot(START, []);
    const set = discount(START, "set", whole("di_1"));
    expect(discounts(began, set)).toMatchObject([{ key: "di_1", terms: spring }]);
    expect(discounts(began, set, discount(START + DAY_MS, "ended", named("di_1")))).toBeUndefined();
    const both = [discount(START + DAY_MS, "ended", named("di_1")), snapshot(START + DAY_MS, [named("di_1")])];
    expect(discounts(began, set, ...both)).toBeUndefined();
    expect(discounts(began, discount(START + DAY_MS, "ended", named("di_9")))).toBeUndefined();
  });

  test("are unknown without the subscription and after its end", () => {
    const set = discount(START, "set", whole("di_1"));
    expect(timeline([set]).records).toEqual([]);
    const ended: SnapshotFact = { ...snapshot(START + DAY_MS, [], { status: "canceled" }), changeType: "deleted" };
    const { discounts: _, ...silent } = ended;
    expect(discounts(snapshot(START, [whole("di_1")]), silent)).toBeUndefined();
  });

  test("do not include those of another subscription", () => {
    const other: DiscountFact = { ...discount(START, "set", whole("di_1")), subscription: "sub_2" };
    const paddle: DiscountFact = { ...discount(START, "set", whole("di_1")), processor: "paddle" };
    expect(discounts(snapshot(START), other, paddle)).toBeUndefined();
  });

  test("lack terms if only an id is known", () => {
    expect(lackTerms({ discounts: [{ key: "di_1", terms: null, endsAt: null }] })).toBe(true);
    expect(lackTerms({ discounts: [{ key: "di_1", terms: spring, endsAt: null }] })).toBe(false);
    expect(lackTerms({})).toBe(false);
  });

  test("have their own reason in the activity", () => {
    const before = [snapshot(START)];
    const set = discount(START + DAY_MS, "set", whole("di_1"));
    expect(decide(timeline(before), timeline([...before, set]), [set])).toEqual({
      action: "preserve",
      reason: "Discount changed",
    });
  });
});

const key = fc.constantFrom("di_1", "di_2");
const said = fc.oneof(
  key.map((each) => named(each)),
  fc.tuple(key, fc.option(fc.nat(40))).map(([each, days]) => whole(each, days === null ? null : START + days * DAY_MS)),
);
/** Billing facts with and without lists, and events of discounts. */
const naming = fc
  .tuple(
    fc.nat(6),
    fc.oneof(
      said.map((each): NamedDiscount[] => [each]),
      fc.constant<NamedDiscount[]>([]),
    ),
  )
  .chain(([day, list]) =>
    fc.constantFrom<Fact>(
      snapshot(START + day * DAY_MS, list),
      snapshot(START + day * DAY_MS, list, { plan: "titanium" }),
      snapshot(START + day * DAY_MS, list, { status: "past_due" }),
      ...list.map((each) => discount(START + day * DAY_MS, "set", each)),
      ...list.map((each) => discount(START + (day + 40) * DAY_MS, "ended", each)),
    ),
  );
const histories = fc.array(naming, { maxLength: 7 }).map((more) => [snapshot(START, [named("di_1")]), ...more]);

test("every order of facts, with duplicates, gives the same discounts", () => {
  fc.assert(
    fc.property(
      histories.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
      ),
      ([all, shuffled]) => {
        expect(timeline(shuffled)).toEqual(timeline(all));
      },
    ),
  );
});

test("no discount moves a period, a window, an entitlement or the clock", () => {
  fc.assert(
    fc.property(histories, (all) => {
      const without = all.flatMap((fact): Fact[] => {
        if (fact.kind === "discount") return [];
        if (fact.kind !== "snapshot") return [fact];
        const { discounts: _, ...rest } = fact;
        return [rest];
      });
      const bare = timeline(without);
      const { records, trace, ...rest } = timeline(all);
      expect(rest).toEqual((({ records: _, trace: __, ...each }) => each)(bare));
      expect(records.map(({ discounts: _, ...record }) => record)).toEqual(bare.records);
      expect(trace).toMatchObject(bare.trace);
    }),
  );
});
