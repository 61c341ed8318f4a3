import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { STATUSES } from "../types";
import type { Move } from "./calendar";
import { RULES, type Rule, type RuleInput, ruleFor } from "./transition-rules";
import { rulesDocument } from "./transition-rules-document";

const MOVES: Move[] = ["first", "none", "same", "boundary", "restart", "backwards"];

/** Every possible situation. */
const SITUATIONS: RuleInput[] = MOVES.flatMap((move) =>
  [null, ...STATUSES].flatMap((statusBefore) =>
    STATUSES.flatMap((status) =>
      [true, false].flatMap((planChanged) =>
        [true, false].flatMap((intervalChanged) =>
          [true, false].map((insideAnother) => ({
            move,
            statusBefore,
            status,
            planChanged,
            intervalChanged,
            insideAnother,
          })),
        ),
      ),
    ),
  ),
);

test("every situation has a rule", () => {
  for (const situation of SITUATIONS) expect(() => ruleFor(situation)).not.toThrow();
});

test("every rule is the first match of some situation", () => {
  const met = new Set<Rule>(SITUATIONS.map(ruleFor));
  expect(RULES.filter((rule) => !met.has(rule)).map(({ row }) => row)).toEqual([]);
});

test("the rules are in the order of their rows", () => {
  const rows = RULES.map(({ row }) => row);
  expect(rows).toEqual([...rows].sort((a, b) => a - b));
});

describe("the table of the decisions, row by row", () => {
  const usual: RuleInput = {
    move: "same",
    statusBefore: "active",
    status: "active",
    planChanged: false,
    intervalChanged: false,
    insideAnother: false,
  };
  test.each<[string, Partial<RuleInput>, number, Rule["effect"], string]>([
    ["canceled, even into a new period", { move: "boundary", status: "canceled" }, 0, "ends", "Subscription ended"],
    ["paused, even into a new period", { move: "boundary", status: "paused" }, 1, "nothing", "Subscription paused"],
    ["not paid yet", { move: "first", status: "incomplete" }, 1, "nothing", "Awaiting first payment"],
    ["no period", { move: "none", planChanged: true }, 2, "continues", "No billing change"],
    [
      "first, inside another's period",
      { move: "first", insideAnother: true },
      3,
      "carry_over_until_paid",
      "Resubscribed within a paid period",
    ],
    ["first", { move: "first", statusBefore: null }, 4, "reset", "New subscription"],
    [
      "resumed",
      { move: "restart", statusBefore: "paused" },
      5,
      "carry_over_until_paid",
      "Subscription resumed with a new period",
    ],
    [
      "resumed at the boundary",
      { move: "boundary", statusBefore: "paused", planChanged: true },
      5,
      "carry_over_until_paid",
      "Subscription resumed with a new period",
    ],
    ["trial to active", { move: "boundary", statusBefore: "trialing" }, 6, "reset", "Trial converted to paid"],
    [
      "trial to past due",
      { move: "restart", statusBefore: "trialing", status: "past_due" },
      6,
      "reset",
      "Trial converted to paid",
    ],
    [
      "renewal with another plan",
      { move: "boundary", planChanged: true },
      7,
      "reset",
      "Plan change at billing renewal",
    ],
    ["renewal", { move: "boundary" }, 8, "reset", "Billing period renewal detected"],
    ["trial added", { move: "restart", status: "trialing" }, 9, "continues", "Trial added"],
    [
      "restart with another plan",
      { move: "restart", planChanged: true },
      10,
      "carry_over_until_paid",
      "Billing cycle restarted mid-period",
    ],
    ["interval change", { intervalChanged: true }, 11, "continues", "Plan change mid-cycle detected"],
    ["plan change", { planChanged: true }, 11, "continues", "Plan change mid-cycle detected"],
    ["details", {}, 12, "continues", "No billing change"],
    ["an older period", { move: "backwards", planChanged: true }, 13, "continues", "Period moved backwards"],
  ])("%s", (_, situation, row, effect, reason) => {
    expect(ruleFor({ ...usual, ...situation })).toMatchObject({ row, effect, reason });
  });
});

test("docs/rules.md is the table", () => {
  const file = new URL("../../../docs/rules.md", import.meta.url);
  if (process.env.UPDATE_DOCS === "1") writeFileSync(file, rulesDocument());
  expect(readFileSync(file, "utf8")).toBe(rulesDocument());
});
