/** What can be simulated, one entry each: what happens at the processor, and what must come of it here. */
import type { Instant, Interval, Reason, Status, TransitionKind } from "@/lib/billing/types";
import type { Player, Told } from "./subscription-driver";

/** What a scenario's story is told with. */
export interface Telling {
  player: Player;
  /** The plan that is asked for, unlike the one held. */
  plan: string;
  otherInterval: Interval;
  /** The next instant, a second later than anything told before. */
  next: () => Instant;
  /** The end of the period, or the next instant where it is over already. */
  renewal: () => Instant;
}

export interface Expectation {
  /** In a sentence, for the person who reads the result. */
  says: string;
  /** One of the deliveries meets this, with any of these reasons. */
  action: TransitionKind;
  reasons: readonly Reason[];
  /** The plan afterwards: the one asked for, the one held before, or free. */
  plan: "asked" | "held" | "free";
  status: Status;
  /** Each counter afterwards, against before: 0, the same, no more, no less. */
  usage: "zero" | "kept" | "not_more" | "not_less";
  /** What was used before is held back until the payment comes, or nothing is. */
  held: "what_was_used" | "nothing";
  /** What each delivery is answered; absent: all are applied. */
  outcomes?: readonly string[];
}

export interface Scenario {
  title: string;
  /** What the user has when it begins; what is missing is played first. */
  begins: "without_subscription" | "active" | "past_due" | "trialing";
  /** The deliveries, in the order in which they come in. */
  tell: (telling: Telling) => Told[];
  expects: Expectation;
}

const RENEWED = {
  action: "reset",
  reasons: ["Billing period renewal detected"],
  plan: "held",
  status: "active",
  usage: "zero",
  held: "nothing",
} as const;

const UNTOUCHED = { action: "preserve", plan: "held", status: "active", usage: "kept", held: "nothing" } as const;

export const SCENARIOS = {
  new_subscription: {
    title: "New subscription",
    begins: "without_subscription",
    tell: ({ player }) => player.begins(),
    expects: {
      says: "A new subscription begins with nothing used.",
      action: "reset",
      reasons: ["New subscription", "Payment confirmed", "Resubscribed within a paid period"],
      plan: "asked",
      status: "active",
      usage: "zero",
      held: "nothing",
    },
  },
  plan_change_preserve_usage: {
    title: "Plan change inside the period",
    begins: "active",
    tell: ({ player, plan, next }) => player.planChanges(plan, next()),
    expects: {
      ...UNTOUCHED,
      says: "The plan changes at once, and what was used stays counted.",
      reasons: ["Plan change mid-cycle detected"],
      plan: "asked",
    },
  },
  billing_renewal_reset_usage: {
    title: "Renewal",
    begins: "active",
    tell: ({ player, renewal, next }) => [...player.renews(renewal()), ...player.renewalIsPaid(next())],
    expects: { ...RENEWED, says: "A new billing period begins with nothing used." },
  },
  plan_change_at_renewal: {
    title: "Plan change with the renewal",
    begins: "active",
    tell: ({ player, plan, renewal, next }) => [...player.renews(renewal(), plan), ...player.renewalIsPaid(next())],
    expects: {
      ...RENEWED,
      says: "The new period begins on the new plan, with nothing used.",
      reasons: ["Plan change at billing renewal"],
      plan: "asked",
    },
  },
  subscription_canceled: {
    title: "Subscription ended",
    begins: "active",
    tell: ({ player, next }) => player.ends(next()),
    expects: {
      ...UNTOUCHED,
      says: "The plan falls back to Free; what was used stays counted until Free’s own reset.",
      reasons: ["Subscription ended"],
      plan: "free",
      status: "canceled",
      usage: "not_less",
    },
  },
  cancellation_scheduled: {
    title: "Canceled for the end of the period",
    begins: "active",
    tell: ({ player, next }) => player.isCanceledForItsEnd(next()),
    expects: { ...UNTOUCHED, says: "Nothing changes until the period ends.", reasons: ["No billing change"] },
  },
  failed_renewal: {
    title: "Renewal whose payment failed",
    begins: "active",
    tell: ({ player, renewal, next }) => [...player.renews(renewal()), ...player.renewalFails(next())],
    expects: {
      ...RENEWED,
      says: "The new period begins; what was used before is held back until the payment comes.",
      status: "past_due",
      held: "what_was_used",
    },
  },
  recovered_payment: {
    title: "Payment that came after all",
    begins: "past_due",
    tell: ({ player, next }) => player.paymentRecovers(next()),
    expects: {
      ...UNTOUCHED,
      says: "The plan is active again, nothing is held back, and what was used stays counted.",
      reasons: ["Payment confirmed", "No billing change"],
    },
  },
  trial_converted: {
    title: "Trial that became a paid plan",
    begins: "trialing",
    tell: ({ player, renewal, next }) => [...player.renews(renewal()), ...player.renewalIsPaid(next())],
    expects: {
      ...RENEWED,
      says: "The first paid period begins with nothing used.",
      reasons: ["Trial converted to paid"],
      plan: "held",
    },
  },
  interval_switch_carry_over: {
    title: "Change between monthly and yearly",
    begins: "active",
    tell: ({ player, otherInterval, next }) => player.intervalSwitches(otherInterval, next()),
    expects: {
      ...UNTOUCHED,
      says: "A new period begins; only the elapsed share of the old limit is forgiven, so that switching is no refill.",
      action: "carry_over",
      reasons: ["Billing cycle restarted mid-period"],
      usage: "not_more",
    },
  },
  paused_and_resumed: {
    title: "Paused, and resumed in the same period",
    begins: "active",
    tell: ({ player, next }) => [...player.pauses(next()), ...player.resumes(next())],
    expects: {
      ...UNTOUCHED,
      says: "The plan is back, with what was used before.",
      reasons: ["No billing change"],
    },
  },
  duplicate_delivery: {
    title: "The same renewal delivered three times",
    begins: "active",
    tell: ({ player, renewal, next }) => {
      const renewed = player.renews(renewal());
      return [...renewed, ...renewed, ...player.renewalIsPaid(next()), ...renewed];
    },
    expects: {
      ...RENEWED,
      says: "The usage is reset once; the other deliveries are told that it is done.",
      outcomes: ["applied", "duplicate", "applied", "duplicate"],
    },
  },
  out_of_order_delivery: {
    title: "A plan change that comes after the renewal it went before",
    begins: "active",
    tell: ({ player, plan, renewal, next }) => {
      const changed = player.planChanges(plan, next());
      const renewed = player.renews(renewal());
      return [...player.renewalIsPaid(next()), ...renewed, ...changed];
    },
    expects: {
      ...RENEWED,
      says: "Plan and usage end as they would in the right order: the new plan, a new period, nothing used.",
      reasons: ["Billing period renewal detected", "Payment for a new billing period"],
      plan: "asked",
    },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioId = keyof typeof SCENARIOS;

export const SCENARIO_IDS = Object.keys(SCENARIOS) as [ScenarioId, ...ScenarioId[]];

/** The scenario without its literal types. */
export function scenario(id: ScenarioId): Scenario {
  return SCENARIOS[id];
}
