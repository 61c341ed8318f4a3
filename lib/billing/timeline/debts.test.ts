import { describe, expect, test } from "vitest";
import { days, entitlementOn, factBuilder, timelineOf } from "@/tests/support/fact-builders";
import type { Fact, PaymentFact } from "../types";

const a = factBuilder("sub_a");
const b = factBuilder("sub_b");
const high = { plan: "high" };
const limitOn = (at: number, ...facts: Fact[]) => entitlementOn(timelineOf(...facts), at)?.limitPlan;
/** The charge of an upgrade on day 5, paid or failed later. */
const forUpgrade: Partial<PaymentFact> = { plan: "high", purpose: "proration", ...days(5, 30), paidInFull: false };
const begins = [a.snapshot(0), a.pay(0, 0, 30)];
/** The debit for an upgrade on day 5 fails on day 9, and the subscription ends on day 30. */
const failed = [
  ...begins,
  a.snapshot(5, high),
  a.fail(9, forUpgrade),
  a.snapshot(9, { ...high, status: "past_due" }),
  a.cancel(30, { ...high, status: "canceled" }),
];
const second = days(31, 61);
const again = [b.snapshot(31, second), b.pay(31, 31, 61)];
const upgraded = b.snapshot(33, { ...second, ...high });
const paysUpgrade = (at: number, changedAt = at) =>
  b.pay(at, changedAt, 61, { plan: "high", purpose: "proration", paidInFull: false });

describe("a debit for an upgrade that failed and was never paid", () => {
  test("leaves the upgraded limits until it fails", () => {
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
      a.snapshot(12),
      a.snapshot(30, days(30, 60)),
      a.pay(30, 30, 60),
      a.snapshot(33, { ...days(30, 60), ...high }),
    ];
    expect(limitOn(34, ...renewed)).toBe("low");
    expect(limitOn(34, ...renewed, a.pay(20, 5, 30, forUpgrade))).toBe("high");
  });

  test("is a debt although the user changed back before it failed", () => {
    const back = [
      ...begins,
      a.snapshot(5, high),
      a.snapshot(7),
      a.fail(9, forUpgrade),
      a.cancel(30, { status: "canceled" }),
    ];
    expect(limitOn(34, ...back, ...again, upgraded)).toBe("low");
  });

  test("is a debt although the subscription ended before it failed", () => {
    const ended = [...begins, a.snapshot(5, high), a.cancel(6, { ...high, status: "canceled" }), a.fail(9, forUpgrade)];
    expect(limitOn(34, ...ended, ...again, upgraded)).toBe("low");
  });

  test("prevents that the renewal counts as payment of an upgrade with an unconfirmed debit", () => {
    const late = b.snapshot(58, { ...second, ...high });
    const renewal = b.snapshot(61, { ...days(61, 91), ...high });
    expect(limitOn(62, ...failed, ...again, late, renewal)).toBe("low");
    expect(limitOn(62, ...again, late, renewal)).toBe("high");
  });

  test("prevents that the activation of a new subscription counts as its payment", () => {
    const bought = b.snapshot(31, { ...second, ...high });
    expect(limitOn(32, ...failed, bought)).toBe("free");
    expect(limitOn(32, ...failed, bought, b.pay(31, 31, 61, high))).toBe("high");
  });

  test("caps no plan after its payment, and no paid plan", () => {
    const settled = [...failed, a.pay(31, 5, 30, forUpgrade), ...again, upgraded];
    expect(limitOn(34, ...settled)).toBe("high");
    expect(limitOn(32, ...failed, ...again)).toBe("low");
  });

  test("stays a debt if the interval is switched and paid within the same minute", () => {
    const switched = days(5.0005, 35);
    const paysSwitch = { plan: "high", purpose: "change" as const, paidInFull: false };
    const changed = [
      ...begins,
      a.snapshot(5, { ...high, status: "past_due" }),
      a.fail(5, forUpgrade),
      a.snapshot(5.0005, { ...high, ...switched }),
      a.pay(5.0005, 5.0005, 35, paysSwitch),
      a.cancel(30, { ...high, ...switched, status: "canceled" }),
    ];
    expect(limitOn(34, ...changed, ...again, upgraded)).toBe("low");
    expect(limitOn(34, ...changed, a.pay(31, 5, 30, forUpgrade), ...again, upgraded)).toBe("high");
  });

  test("is settled by its payment, also if the failure named no plan", () => {
    const unnamed = [...begins, a.snapshot(5, high), a.fail(9, { ...forUpgrade, plan: null }), a.cancel(30)];
    expect(limitOn(34, ...unnamed, ...again, upgraded)).toBe("low");
    expect(limitOn(34, ...unnamed, a.pay(31, 5, 30, forUpgrade), ...again, upgraded)).toBe("high");
  });

  test("does not cap a subscription that began before the upgrade", () => {
    const older = b.snapshot(1, { ...days(1, 31), ...high });
    expect(limitOn(12, ...failed, older)).toBe("high");
  });

  test("counts from the failed change if a test clock's events are earlier", () => {
    const older = days(-1, 29);
    const beside = [b.snapshot(-1, older), b.pay(-1, -1, 29), b.snapshot(1, { ...older, ...high })];
    const clocked = [...begins, a.snapshot(0.001, high), a.fail(0.002, forUpgrade), ...beside];
    expect([4, 6].map((at) => limitOn(at, ...clocked))).toEqual(["high", "low"]);
  });

  test("is not settled by the payment of another upgrade", () => {
    const other = [...begins, a.snapshot(2, high), a.pay(2, 2, 30, { ...forUpgrade, ...days(2, 30) }), a.snapshot(4)];
    expect(limitOn(34, ...other, ...failed.slice(2), ...again, upgraded)).toBe("low");
    const moment = 5 - 1 / 2880;
    const seats = a.pay(moment, 0, 30, { ...forUpgrade, plan: "low", ...days(moment, 30) });
    expect(limitOn(34, ...failed, seats, ...again, upgraded)).toBe("low");
  });

  test("does not cap a trial", () => {
    const trial = b.snapshot(31, { ...days(31, 45), status: "trialing" });
    expect(limitOn(32, ...failed, trial)).toBe("low");
  });
});

describe("an upgrade that a card pays at once, of a user with a failed debit", () => {
  const oneSecond = 1 / 86_400;
  test.each([
    ["in the second of the change", paysUpgrade(33)],
    ["a second before the change is announced", paysUpgrade(33 - oneSecond)],
    ["a second after it", paysUpgrade(33 + oneSecond)],
  ])("raises the limits if the payment comes %s", (_, payment) => {
    const facts = [...failed, ...again, upgraded, payment];
    expect(limitOn(33 + oneSecond, ...facts)).toBe("high");
    expect(limitOn(33 + oneSecond, ...facts.toReversed())).toBe("high");
  });
});

test("a renewal that failed and was never paid caps a later upgrade as well", () => {
  const renewal = days(30, 60);
  const owed = [
    ...begins,
    a.snapshot(30, renewal),
    a.fail(30, renewal),
    a.cancel(31, { ...renewal, status: "canceled" }),
  ];
  const facts = [b.snapshot(33, days(33, 63)), b.pay(33, 33, 63), b.snapshot(35, { ...days(33, 63), ...high })];
  expect(limitOn(36, ...owed, ...facts)).toBe("low");
  expect(limitOn(36, ...owed, a.pay(34, 30, 60), ...facts)).toBe("high");
});

describe("no debt", () => {
  const later = [...again, upgraded];
  const ends = a.cancel(30, { status: "canceled" });
  test("follows from a switch that was declined and not made", () => {
    expect(limitOn(34, ...begins, a.fail(5, forUpgrade), ends, ...later)).toBe("high");
    const yearly = a.fail(5, { plan: "low", interval: "yearly", purpose: "change", ...days(5, 370) });
    expect(limitOn(34, ...begins, yearly, ends, ...later)).toBe("high");
  });

  test("follows from a declined card that was replaced within a minute", () => {
    const halfMinute = 1 / 2880;
    const replaced = days(5 + halfMinute, 30);
    const paid = a.pay(5 + halfMinute, 5, 30, { ...forUpgrade, ...replaced });
    const facts = [...begins, a.fail(5, forUpgrade), a.snapshot(5 + halfMinute, high), paid];
    expect(limitOn(34, ...facts, a.cancel(30, { ...high, status: "canceled" }), ...later)).toBe("high");
  });

  test("follows from a renewal at the instant of another declined switch", () => {
    const declined = a.fail(30, { plan: "high", interval: "yearly", purpose: "change", ...days(30, 395) });
    expect(limitOn(34, ...begins, a.snapshot(30, days(30, 60)), declined, a.cancel(31), ...later)).toBe("high");
  });

  test("follows from a trial's charge", () => {
    const trial = { ...days(0, 14), status: "trialing" as const };
    expect(limitOn(34, a.snapshot(0, trial), a.fail(1, days(0, 14)), a.cancel(14, trial), ...later)).toBe("high");
  });

  test("is known to an endpoint that gets no invoice events", () => {
    const unseen = failed.filter(({ kind }) => kind !== "payment");
    expect(limitOn(34, ...unseen, b.snapshot(31, second), upgraded)).toBe("high");
  });
});

test("a debt moves with its subscription when an admin moves that to another user", () => {
  const beside = [b.snapshot(10, days(10, 40)), b.pay(10, 10, 40), b.snapshot(12, { ...days(10, 40), ...high })];
  const facts = [...failed.slice(0, -1), a.transfer(20, "out"), ...beside];
  expect([13, 19, 21].map((at) => limitOn(at, ...facts))).toEqual(["low", "low", "high"]);
});

test("a debt from before the move does not cap the new user's other subscription", () => {
  const facts = [...failed.slice(0, -1), a.transfer(20, "in"), a.cancel(30, { ...high, status: "canceled" })];
  expect(limitOn(34, ...facts, ...again, upgraded)).toBe("high");
});
