/**
 * The rules as a table: the effect of one snapshot on the usage windows of its subscription. The first rule that
 * matches applies. A test covers every move × status before × status after × plan changed. docs/rules.md is generated
 * from it.
 */
import { LIVE, type Reason, type Status } from "../types";
import type { Move } from "./calendar";

/** The input of a rule. */
export interface RuleInput {
  move: Move;
  /** null: the subscription was not known before. */
  statusBefore: Status | null;
  status: Status;
  planChanged: boolean;
  intervalChanged: boolean;
  /** No period open yet, and the new one starts inside a paid or trial period of another subscription. */
  insideAnother: boolean;
}

/**
 * `carry_over_until_paid` becomes a reset when the period is paid in full. `continues` preserves the window. `nothing`
 * records status and flags only. `ends` ends the subscription finally.
 */
export const EFFECTS = ["ends", "nothing", "continues", "reset", "carry_over_until_paid"] as const;
export type Effect = (typeof EFFECTS)[number];

export interface Rule {
  row: number;
  /** The condition in words, for docs/rules.md. */
  description: string;
  when: (input: RuleInput) => boolean;
  effect: Effect;
  reason: Reason;
}

const opensNewPeriod = ({ move }: RuleInput) => move === "boundary" || move === "restart";

export const RULES = [
  {
    row: 0,
    description: "status canceled (final for that subscription id)",
    when: ({ status }) => status === "canceled",
    effect: "ends",
    reason: "Subscription ended",
  },
  {
    row: 1,
    description: "status paused, any move",
    when: ({ status }) => status === "paused",
    effect: "nothing",
    reason: "Subscription paused",
  },
  {
    row: 1,
    description: "status not live, any move",
    when: ({ status }) => !LIVE.has(status),
    effect: "nothing",
    reason: "Awaiting first payment",
  },
  {
    row: 2,
    description: "no period in the snapshot",
    when: ({ move }) => move === "none",
    effect: "continues",
    reason: "No billing change",
  },
  {
    row: 3,
    description: "no period opened yet, inside a paid or trial period of another subscription of this user and product",
    when: ({ move, insideAnother }) => move === "first" && insideAnother,
    effect: "carry_over_until_paid",
    reason: "Resubscribed within a paid period",
  },
  {
    row: 4,
    description: "no period opened yet",
    when: ({ move }) => move === "first",
    effect: "reset",
    reason: "New subscription",
  },
  {
    row: 5,
    description: "boundary or restart, paused before",
    when: (input) => opensNewPeriod(input) && input.statusBefore === "paused",
    effect: "carry_over_until_paid",
    reason: "Subscription resumed with a new period",
  },
  {
    row: 6,
    description: "boundary or restart, trialing before, active or past_due now",
    when: (input) =>
      opensNewPeriod(input) &&
      input.statusBefore === "trialing" &&
      (input.status === "active" || input.status === "past_due"),
    effect: "reset",
    reason: "Trial converted to paid",
  },
  {
    row: 7,
    description: "boundary, plan changed",
    when: ({ move, planChanged }) => move === "boundary" && planChanged,
    effect: "reset",
    reason: "Plan change at billing renewal",
  },
  {
    row: 8,
    description: "boundary",
    when: ({ move }) => move === "boundary",
    effect: "reset",
    reason: "Billing period renewal detected",
  },
  {
    row: 9,
    description: "restart, active → trialing",
    when: ({ move, statusBefore, status }) => move === "restart" && statusBefore === "active" && status === "trialing",
    effect: "continues",
    reason: "Trial added",
  },
  {
    row: 10,
    description: "any other restart: interval changed, anchor moved, with or without a plan change",
    when: ({ move }) => move === "restart",
    effect: "carry_over_until_paid",
    reason: "Billing cycle restarted mid-period",
  },
  {
    row: 11,
    description: "same start, plan or interval changed",
    when: ({ move, planChanged, intervalChanged }) => move === "same" && (planChanged || intervalChanged),
    effect: "continues",
    reason: "Plan change mid-cycle detected",
  },
  {
    row: 12,
    description: "same start",
    when: ({ move }) => move === "same",
    effect: "continues",
    reason: "No billing change",
  },
  {
    row: 13,
    description: "backwards: a newer event with an older period",
    when: ({ move }) => move === "backwards",
    effect: "continues",
    reason: "Period moved backwards",
  },
] as const satisfies readonly Rule[];

/** The first rule that applies. */
export function ruleFor(input: RuleInput): Rule {
  const rule = RULES.find((candidate: Rule) => candidate.when(input));
  if (rule === undefined) throw new Error(`no rule for ${JSON.stringify(input)}`);
  return rule;
}

/** Reasons that open a window. */
export const OPENING_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  "Payment for a new billing period",
  ...RULES.filter(({ effect }) => effect === "reset" || effect === "carry_over_until_paid").map(({ reason }) => reason),
]);
