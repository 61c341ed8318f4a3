/** Facts that reach before the cut of a checkpoint, and other reasons to fold all facts. */
import { describe, expect, test } from "vitest";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import {
  checkpointBefore,
  checkpointOn,
  FREE_ANCHOR,
  known,
  renewals,
  since,
  YEARLY,
} from "@/tests/support/checkpoints";
import { day, days, factBuilder, subscriptionState } from "@/tests/support/fact-builders";
import type { Checkpoint } from "../schemas/checkpoint";
import type { Fact } from "../types";
import { resume } from "./resume";

describe("later facts are refused", () => {
  const a = factBuilder();
  const b = factBuilder("sub_b");
  // A previous state would show that a later update is missing, and restore the state before.
  const facts = renewals(a, { from: 0, to: 25 }).map((fact) => ({ ...fact, previous: null }) as Fact);
  const checkpoint = checkpointOn(facts, 721);
  const later = since(facts, checkpoint.cut);
  const resumed = (...delivered: Fact[]) => resume(TEST_PRODUCT, checkpoint, known([...later, ...delivered]));
  const lineOf = { id: "si", product: null, price: null, purpose: "period" as const };

  test("only if they reach before the cut", () => {
    expect(checkpoint.cut).toBe(day(629));
    expect(resumed()).not.toBeNull();
    expect(resumed(a.snapshot(629.5, days(600, 630)))).not.toBeNull();
  });

  test.each<[string, Fact]>([
    ["a fact from before the cut", a.snapshot(628.9, days(600, 630))],
    ["a payment for the last period", a.pay(740, 600, 630)],
    ["a payment for an earlier period", a.pay(740, 300, 330)],
    ["a failed charge for an earlier period", a.fail(740, days(300, 330))],
    ["a difference from before the cut", a.pay(740, 620, 630, { purpose: "proration" })],
    ["an unlisted line for an earlier period", a.pay(740, 720, 750, { unlisted: [{ ...lineOf, ...days(300, 330) }] })],
    ["truncated lines of an earlier period", a.pay(740, 720, 750, { truncated: days(300, 330) })],
    ["a snapshot of an earlier period", a.snapshot(740, days(300, 330))],
    ["a previous state of an earlier period", a.snapshot(740, {}, { previous: subscriptionState(days(300, 330)) })],
    ["a subscription that began before the cut", b.snapshot(740, days(620, 985))],
    ["a payment of an unknown subscription for a period before the cut", b.pay(740, 620, 650)],
    ["a move to another user", a.transfer(740, "out")],
    ["a move of another subscription", b.transfer(740, "in")],
    ["another end of the last period", a.snapshot(629.5, days(600, 631))],
    ["another interval of the last period", a.snapshot(629.5, { ...days(600, 630), ...YEARLY })],
    ["a charge that failed in the last period", a.snapshot(629.5, { ...days(600, 630), status: "past_due" })],
    ["a pause of the collection in the last period", a.snapshot(629.5, { ...days(600, 630), collectionPaused: true })],
  ])("such as %s", (_, fact) => {
    expect(resumed(fact)).toBeNull();
  });

  test("if the checkpoint has other rules, another configuration or another anchor", () => {
    const again = (changes: Partial<Checkpoint>, product = TEST_PRODUCT) =>
      resume(product, { ...checkpoint, ...changes }, known(later));
    expect(again({})).not.toBeNull();
    expect(again({ version: checkpoint.version + 1 })).toBeNull();
    expect(again({ freeAnchor: FREE_ANCHOR + 1 })).toBeNull();
    const { low, ...plans } = TEST_PRODUCT.plans;
    const changed = { ...TEST_PRODUCT, plans: { ...plans, low: { ...low, limits: { units: 101 } } } };
    expect(again({}, changed as typeof TEST_PRODUCT)).toBeNull();
    expect(resume(TEST_PRODUCT, checkpoint, known(later, [b.snapshot(740)]))).toBeNull();
  });

  test("if a new item could be that of an earlier payment", () => {
    const item = (id: string) => ({ id, product: null, price: null });
    const line = { ...item("si_new"), purpose: "period" as const, ...days(90, 120) };
    const addOn = a.pay(110, 90, 120, { plan: null, interval: null, purpose: "other", unlisted: [line] });
    const all = [...facts, addOn];
    const first = checkpointBefore(200, all);
    const continued = checkpointOn(since(all, first.cut), 721, first);
    const itemOf = (id: string) => a.snapshot(740, { ...days(720, 750), item: item(id) });
    for (const each of [checkpointOn(all, 721), continued]) {
      const resumedWith = (fact: Fact) => resume(TEST_PRODUCT, each, known([...since(all, each.cut), fact]));
      expect(resumedWith(a.snapshot(740, days(720, 750)))).not.toBeNull();
      expect(resumedWith(itemOf("si_new"))).toBeNull();
    }
    expect(resumed(itemOf("si_new"))).not.toBeNull();
  });
});
