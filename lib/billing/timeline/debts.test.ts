import { describe, expect, test } from "vitest";
import { days, on, timelineOf, told } from "@/tests/support/told";
import type { Fact, PaymentFact } from "../types";

const a = told("sub_a");
const b = told("sub_b");
const high = { plan: "high" };
const limitOn = (at: number, ...facts: Fact[]) => on(timelineOf(...facts), at)?.limitPlan;
/** The charge of an upgrade on day 5, paid or failed later. */
const forUpgrade: Partial<PaymentFact> = { plan: "high", purpose: "proration", ...days(5, 30), inMoney: false };
const begins = [a.is(0), a.pays(0, 0, 30)];
/** The debit for an upgrade on day 5 fails on day 9, and the subscription ends on day 30. */
const failed = [
  ...begins,
  a.is(5, high),
  a.fails(9, forUpgrade),
  a.is(9, { ...high, status: "past_due" }),
  a.ends(30, { ...high, status: "canceled" }),
];
const second = days(31, 61);
const again = [b.is(31, second), b.pays(31, 31, 61)];
const upgraded = b.is(33, { ...second, ...high });
const paysUpgrade = (at: number, changedAt = at) =>
  b.pays(at, changedAt, 61, { plan: "high", purpose: "proration", inMoney: false });

describe("a debit for an upgrade that failed and was never paid", () => {
  test("leaves the first upgrade in force until it fails", () => {
    expect([6, 8, 10].map((at) => limitOn(at, ...failed))).toEqual(["high", "high", "low"]);
  });

  test("caps an announced upgrade of a later subscription until its payment", () => {
    expect(limitOn(34, ...failed, ...again, upgraded)).toBe("low");
    const paid = [...failed, ...again, upgraded, paysUpgrade(36, 33)];
    expect([32, 35, 37].map((at) => limitOn(at, ...paid))).toEqual(["low", "low", "high"]);
  });

  test("caps a later upgrade of the same subscription, after a downgrade and a paid renewal", () => {
    const renewed = [
      ...failed.slice(0, -1),
      a.is(12),
      a.is(30, days(30, 60)),
      a.pays(30, 30, 60),
      a.is(33, { ...days(30, 60), ...high }),
    ];
    expect(limitOn(34, ...renewed)).toBe("low");
    expect(limitOn(34, ...renewed, a.pays(20, 5, 30, forUpgrade))).toBe("high");
  });

  test("is known although the user had changed back before it failed", () => {
    const back = [...begins, a.is(5, high), a.is(7), a.fails(9, forUpgrade), a.ends(30, { status: "canceled" })];
    expect(limitOn(34, ...back, ...again, upgraded)).toBe("low");
  });

  test("is known although the subscription ended before it failed", () => {
    const ended = [...begins, a.is(5, high), a.ends(6, { ...high, status: "canceled" }), a.fails(9, forUpgrade)];
    expect(limitOn(34, ...ended, ...again, upgraded)).toBe("low");
  });

  test("keeps the renewal from standing for an upgrade whose debit is under way", () => {
    const late = b.is(58, { ...second, ...high });
    const renewal = b.is(61, { ...days(61, 91), ...high });
    expect(limitOn(62, ...failed, ...again, late, renewal)).toBe("low");
    expect(limitOn(62, ...again, late, renewal)).toBe("high");
  });

  test("keeps the activation of a new subscription from standing for its payment", () => {
    const bought = b.is(31, { ...second, ...high });
    expect(limitOn(32, ...failed, bought)).toBe("free");
    expect(limitOn(32, ...failed, bought, b.pays(31, 31, 61, high))).toBe("high");
  });

  test("caps nothing once it is paid, and nothing that was paid for", () => {
    const settled = [...failed, a.pays(31, 5, 30, forUpgrade), ...again, upgraded];
    expect(limitOn(34, ...settled)).toBe("high");
    expect(limitOn(32, ...failed, ...again)).toBe("low");
  });

  test("stays a debt if the interval is switched and paid within the same minute", () => {
    const switched = days(5.0005, 35);
    const paysSwitch = { plan: "high", purpose: "change" as const, inMoney: false };
    const changed = [
      ...begins,
      a.is(5, { ...high, status: "past_due" }),
      a.fails(5, forUpgrade),
      a.is(5.0005, { ...high, ...switched }),
      a.pays(5.0005, 5.0005, 35, paysSwitch),
      a.ends(30, { ...high, ...switched, status: "canceled" }),
    ];
    expect(limitOn(34, ...changed, ...again, upgraded)).toBe("low");
    expect(limitOn(34, ...changed, a.pays(31, 5, 30, forUpgrade), ...again, upgraded)).toBe("high");
  });

  test("is settled by its payment, also if the failure named no plan", () => {
    const unnamed = [...begins, a.is(5, high), a.fails(9, { ...forUpgrade, plan: null }), a.ends(30)];
    expect(limitOn(34, ...unnamed, ...again, upgraded)).toBe("low");
    expect(limitOn(34, ...unnamed, a.pays(31, 5, 30, forUpgrade), ...again, upgraded)).toBe("high");
  });

  test("takes nothing from a subscription that began before the upgrade", () => {
    const older = b.is(1, { ...days(1, 31), ...high });
    expect(limitOn(12, ...failed, older)).toBe("high");
  });

  test("counts from the change, if a test clock's events are earlier", () => {
    const older = days(-1, 29);
    const beside = [b.is(-1, older), b.pays(-1, -1, 29), b.is(1, { ...older, ...high })];
    const clocked = [...begins, a.is(0.001, high), a.fails(0.002, forUpgrade), ...beside];
    expect([4, 6].map((at) => limitOn(at, ...clocked))).toEqual(["high", "low"]);
  });

  test("is not settled by the payment of another upgrade", () => {
    const other = [...begins, a.is(2, high), a.pays(2, 2, 30, { ...forUpgrade, ...days(2, 30) }), a.is(4)];
    expect(limitOn(34, ...other, ...failed.slice(2), ...again, upgraded)).toBe("low");
    const moment = 5 - 1 / 2880;
    const seats = a.pays(moment, 0, 30, { ...forUpgrade, plan: "low", ...days(moment, 30) });
    expect(limitOn(34, ...failed, seats, ...again, upgraded)).toBe("low");
  });

  test("leaves a trial its plan", () => {
    const trial = b.is(31, { ...days(31, 45), status: "trialing" });
    expect(limitOn(32, ...failed, trial)).toBe("low");
  });
});

describe("a card's upgrade, which is paid at once, of a user with such a debt", () => {
  const oneSecond = 1 / 86_400;
  test.each([
    ["in the second of the change", paysUpgrade(33)],
    ["a second before the change is told", paysUpgrade(33 - oneSecond)],
    ["a second after it", paysUpgrade(33 + oneSecond)],
  ])("counts: the payment comes %s", (_, payment) => {
    const facts = [...failed, ...again, upgraded, payment];
    expect(limitOn(33 + oneSecond, ...facts)).toBe("high");
    expect(limitOn(33 + oneSecond, ...facts.toReversed())).toBe("high");
  });
});

test("a renewal that failed and was never paid caps a later upgrade as well", () => {
  const renewal = days(30, 60);
  const owed = [...begins, a.is(30, renewal), a.fails(30, renewal), a.ends(31, { ...renewal, status: "canceled" })];
  const facts = [b.is(33, days(33, 63)), b.pays(33, 33, 63), b.is(35, { ...days(33, 63), ...high })];
  expect(limitOn(36, ...owed, ...facts)).toBe("low");
  expect(limitOn(36, ...owed, a.pays(34, 30, 60), ...facts)).toBe("high");
});

describe("no debt", () => {
  const later = [...again, upgraded];
  const ends = a.ends(30, { status: "canceled" });
  test("comes of a switch that was declined and not made", () => {
    expect(limitOn(34, ...begins, a.fails(5, forUpgrade), ends, ...later)).toBe("high");
    const yearly = a.fails(5, { plan: "low", interval: "yearly", purpose: "change", ...days(5, 370) });
    expect(limitOn(34, ...begins, yearly, ends, ...later)).toBe("high");
  });

  test("comes of a declined card that was replaced within a minute", () => {
    const halfMinute = 1 / 2880;
    const replaced = days(5 + halfMinute, 30);
    const paid = a.pays(5 + halfMinute, 5, 30, { ...forUpgrade, ...replaced });
    const facts = [...begins, a.fails(5, forUpgrade), a.is(5 + halfMinute, high), paid];
    expect(limitOn(34, ...facts, a.ends(30, { ...high, status: "canceled" }), ...later)).toBe("high");
  });

  test("comes of a renewal at whose instant another switch was declined", () => {
    const declined = a.fails(30, { plan: "high", interval: "yearly", purpose: "change", ...days(30, 395) });
    expect(limitOn(34, ...begins, a.is(30, days(30, 60)), declined, a.ends(31), ...later)).toBe("high");
  });

  test("comes of a trial's charge", () => {
    const trial = { ...days(0, 14), status: "trialing" as const };
    expect(limitOn(34, a.is(0, trial), a.fails(1, days(0, 14)), a.ends(14, trial), ...later)).toBe("high");
  });

  test("is seen by an endpoint that gets no invoice events", () => {
    const unseen = failed.filter(({ kind }) => kind !== "payment");
    expect(limitOn(34, ...unseen, b.is(31, second), upgraded)).toBe("high");
  });
});

test("a debt goes along with a subscription that an admin moves to another user", () => {
  const beside = [b.is(10, days(10, 40)), b.pays(10, 10, 40), b.is(12, { ...days(10, 40), ...high })];
  const facts = [...failed.slice(0, -1), a.moves(20, "out"), ...beside];
  expect([13, 19, 21].map((at) => limitOn(at, ...facts))).toEqual(["low", "low", "high"]);
});

test("a debt from before the move is not the new user's", () => {
  const facts = [...failed.slice(0, -1), a.moves(20, "in"), a.ends(30, { ...high, status: "canceled" })];
  expect(limitOn(34, ...facts, ...again, upgraded)).toBe("high");
});
