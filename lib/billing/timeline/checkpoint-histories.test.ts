/** Common histories: later facts continue from a checkpoint, and a later checkpoint contains them. */
import { describe, expect, test } from "vitest";
import {
  type Builder,
  COUPON,
  checkpointOn,
  expectResumed,
  HOUR,
  origin,
  renewals,
  since,
  YEARLY,
} from "@/tests/support/checkpoints";
import { day, days, factBuilder } from "@/tests/support/fact-builders";
import type { Fact, SubscriptionState } from "../types";

/** What happens in month 24, and the renewals after it. */
const HISTORIES: Record<string, (a: Builder) => { facts: Fact[]; after?: Partial<SubscriptionState> | null }> = {
  "renewals only": () => ({ facts: [] }),
  "an upgrade with its difference": (a) => ({
    facts: [
      a.snapshot(725, { ...days(720, 750), plan: "high" }),
      a.pay(725 + HOUR, 725, 750, { purpose: "proration", plan: "high", paidInFull: false }),
    ],
    after: { plan: "high" },
  }),
  "an upgrade whose charge fails and succeeds later": (a) => ({
    facts: [
      a.snapshot(725, { ...days(720, 750), plan: "high" }),
      a.fail(725 + HOUR, { ...days(725, 750), purpose: "proration", plan: "high" }),
      a.pay(727, 725, 750, { purpose: "proration", plan: "high", paidInFull: false }),
    ],
    after: { plan: "high" },
  }),
  "a downgrade at the period's end": (a) => ({
    facts: [
      a.snapshot(725, { ...days(720, 750), plan: "high" }),
      { kind: "schedule", ...origin(a, 726), plan: "low", interval: "monthly" },
      a.snapshot(749.9, days(720, 750)),
    ],
  }),
  "changes of the quantity": (a) => ({
    facts: [3, 4, 1].map((quantity, index) => a.snapshot(722 + index, { ...days(720, 750), quantity })),
  }),
  "a failed renewal with recovery": (a) => ({
    facts: [
      a.snapshot(750, days(750, 780)),
      a.fail(750 + HOUR, days(750, 780)),
      a.snapshot(750 + HOUR, { ...days(750, 780), status: "past_due" }),
      a.pay(753, 750, 780),
      a.snapshot(753, days(750, 780)),
    ],
  }),
  "a renewal that was never paid": (a) => ({
    facts: [
      a.snapshot(750, days(750, 780)),
      a.fail(750 + HOUR, days(750, 780)),
      a.snapshot(750 + HOUR, { ...days(750, 780), status: "past_due" }),
      a.cancel(770, days(750, 780)),
    ],
    after: null,
  }),
  "a cancellation at the period's end": (a) => ({
    facts: [a.snapshot(730, { ...days(720, 750), cancelAt: day(750) }), a.cancel(750, days(720, 750))],
    after: null,
  }),
  "a cancellation that is withdrawn": (a) => ({
    facts: [a.snapshot(730, { ...days(720, 750), cancelAt: day(750) }), a.snapshot(731, days(720, 750))],
  }),
  "a second subscription after the first": (a) => {
    const b = factBuilder("sub_b");
    const trial = b.snapshot(760, { ...days(760, 774), status: "trialing", selfStarted: true });
    return {
      facts: [
        a.cancel(740, days(720, 750)),
        trial,
        b.snapshot(774, days(774, 804)),
        b.pay(774 + HOUR, 774, 804),
        b.snapshot(804, days(804, 834)),
      ],
      after: null,
    };
  },
  "a second subscription beside the first": () => {
    const b = factBuilder("sub_b");
    return { facts: [b.snapshot(730, { ...days(730, 760), plan: "high" }), b.cancel(735, days(730, 760))], after: {} };
  },
  "a pause and its end": (a) => ({
    facts: [
      a.snapshot(730, { ...days(720, 750), status: "paused" }),
      a.snapshot(765, days(765, 795)),
      a.pay(765 + HOUR, 765, 795),
    ],
    after: null,
  }),
  "a discount": (a) => ({
    facts: [
      {
        kind: "discount",
        ...origin(a, 730),
        change: "set",
        discount: { key: "di_1", terms: COUPON, endsAt: day(760) },
      },
      { kind: "discount", ...origin(a, 760), change: "ended", discount: { key: "di_1", terms: null } },
    ],
  }),
  "a switch to a yearly plan": (a) => ({
    facts: [
      a.snapshot(725, { ...days(725, 1090), ...YEARLY }),
      a.pay(725 + HOUR, 725, 1090, { ...YEARLY, purpose: "change" }),
      a.snapshot(900, { ...days(725, 1090), ...YEARLY, quantity: 2 }),
      a.snapshot(1090, { ...days(1090, 1455), ...YEARLY, quantity: 2 }),
      a.pay(1090 + HOUR, 1090, 1455, YEARLY),
    ],
    after: null,
  }),
};

describe.each(Object.entries(HISTORIES))("with %s", (_, happens) => {
  test("later facts continue from a checkpoint before it", () => {
    const a = factBuilder();
    const before = renewals(a, { from: 0, to: 25 });
    const checkpoint = checkpointOn(before, 721);
    expect(checkpoint.cut).toBe(day(629));
    const { facts, after } = happens(a);
    const renewed = after === null ? [] : renewals(a, { from: 26, to: 32, changes: after ?? {} });
    expectResumed(checkpoint, before, [...facts, ...renewed]);
  });

  test("a later checkpoint contains it, and can be computed from an earlier one", () => {
    const a = factBuilder();
    const before = renewals(a, { from: 0, to: 25 });
    const { facts, after } = happens(a);
    const last = factBuilder("sub_z");
    const renewed = after === null ? [] : renewals(a, { from: 26, to: 60, changes: after ?? {} });
    const all = [...before, ...facts, ...renewed, ...renewals(last, { from: 60, to: 80 })];
    const checkpoint = checkpointOn(all, 2_380);
    expect(checkpoint.cut).toBe(day(2_279));
    const earlier = checkpointOn(before, 721);
    expect(checkpointOn(since(all, earlier.cut), 2_380, earlier)).toEqual(checkpoint);
    expectResumed(checkpoint, all, renewals(last, { from: 80, to: 82 }));
  });
});
