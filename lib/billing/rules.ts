/**
 * The rules of decisions.md §2 as a table: what one snapshot does to the usage windows of its subscription.
 * First match from the top; total over every move × status before × status after × plan changed (tested).
 */
import { LIVE, type Reason, type Status } from "./facts";
import type { Move } from "./period";

/** What a rule may look at. */
export interface Situation {
  move: Move;
  /** null: the subscription was not known before. */
  statusBefore: Status | null;
  status: Status;
  planChanged: boolean;
  /** No period open yet, and the new one starts inside a paid or trial period of another subscription. */
  insideAnother: boolean;
}

/**
 * `carry_over_until_paid` becomes a reset when that period's payment is seen, in full and in money.
 * `continues` preserves the window; `nothing` takes status and flags only; `ends` closes the subscription for good.
 */
export type Effect = "ends" | "nothing" | "continues" | "reset" | "carry_over" | "carry_over_until_paid";

export interface Rule {
  row: number;
  when: (situation: Situation) => boolean;
  effect: Effect;
  reason: Reason;
}

const opensAnew = ({ move }: Situation) => move === "boundary" || move === "restart";

export const RULES = [
  {
    row: 0,
    when: ({ status }) => status === "canceled",
    effect: "ends",
    reason: "Subscription ended",
  },
  {
    row: 1,
    when: ({ status }) => status === "paused",
    effect: "nothing",
    reason: "Subscription paused",
  },
  {
    row: 1,
    when: ({ status }) => !LIVE.has(status),
    effect: "nothing",
    reason: "Awaiting first payment",
  },
  {
    row: 2,
    when: ({ move }) => move === "none",
    effect: "continues",
    reason: "No billing change",
  },
  {
    row: 3,
    when: ({ move, insideAnother }) => move === "first" && insideAnother,
    effect: "carry_over_until_paid",
    reason: "Resubscribed within a paid period",
  },
  {
    row: 4,
    when: ({ move }) => move === "first",
    effect: "reset",
    reason: "New subscription",
  },
  {
    row: 5,
    when: (situation) => opensAnew(situation) && situation.statusBefore === "paused",
    effect: "carry_over_until_paid",
    reason: "Subscription resumed with a new period",
  },
  {
    row: 6,
    when: (situation) =>
      opensAnew(situation) &&
      situation.statusBefore === "trialing" &&
      (situation.status === "active" || situation.status === "past_due"),
    effect: "reset",
    reason: "Trial converted to paid",
  },
  {
    row: 7,
    when: ({ move, planChanged }) => move === "boundary" && planChanged,
    effect: "reset",
    reason: "Plan change at billing renewal",
  },
  {
    row: 8,
    when: ({ move }) => move === "boundary",
    effect: "reset",
    reason: "Billing period renewal detected",
  },
  {
    row: 9,
    when: ({ move, statusBefore, status }) => move === "restart" && statusBefore === "active" && status === "trialing",
    effect: "continues",
    reason: "Trial added",
  },
  {
    row: 10,
    when: ({ move }) => move === "restart",
    effect: "carry_over",
    reason: "Billing cycle restarted mid-period",
  },
  {
    row: 11,
    when: ({ move, planChanged }) => move === "same" && planChanged,
    effect: "continues",
    reason: "Plan change mid-cycle detected",
  },
  {
    row: 12,
    when: ({ move }) => move === "same",
    effect: "continues",
    reason: "No billing change",
  },
  {
    row: 13,
    when: ({ move }) => move === "backwards",
    effect: "continues",
    reason: "Period moved backwards",
  },
] as const satisfies readonly Rule[];

/** The first rule that applies. */
export function ruleFor(situation: Situation): Rule {
  const rule = RULES.find((candidate: Rule) => candidate.when(situation));
  if (rule === undefined) throw new Error(`no rule for ${JSON.stringify(situation)}`);
  return rule;
}

/** Reasons that open a window. */
export const OPENING_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  "Payment for a new billing period",
  ...RULES.filter(({ effect }) => effect === "reset" || effect.startsWith("carry_over")).map(({ reason }) => reason),
]);
