/** All scenarios: the events that the processor sends, and the expected result. */
import type { Instant, Interval, Reason, Status, TransitionKind } from "@/lib/billing/types";
import type { EventToDeliver, SubscriptionDriver } from "./subscription-driver";

/** The input from which a scenario builds its deliveries. */
export interface Context {
  driver: SubscriptionDriver;
  /** The requested plan; it differs from the current one. */
  plan: string;
  otherInterval: Interval;
  /** The next instant, a second later than all events before. */
  next: () => Instant;
  /** The end of the period, or the next instant if the period is already over. */
  renewal: () => Instant;
}

export interface Expectation {
  /** One sentence for the reader of the result. */
  description: string;
  /** One decision has this action and one of these reasons. */
  action: TransitionKind;
  reasons: readonly Reason[];
  /** The plan afterwards. */
  plan: "requested" | "previous" | "free";
  status: Status;
  /** Each counter afterwards, compared with before. */
  usage: "zero" | "kept" | "not_more" | "not_less";
  /** The quota that is withheld until the payment. */
  withheld: "usage_before" | "nothing";
  /** The outcome of each delivery; by default all are applied. */
  outcomes?: readonly string[];
}

export interface Scenario {
  title: string;
  /** The state in which the scenario begins; the setup creates it if needed. */
  begins: "without_subscription" | "active" | "past_due" | "trialing";
  /** The deliveries, in the order of arrival. */
  deliveries: (context: Context) => EventToDeliver[];
  expects: Expectation;
}

const RENEWED = {
  action: "reset",
  reasons: ["Billing period renewal detected"],
  plan: "previous",
  status: "active",
  usage: "zero",
  withheld: "nothing",
} as const;

const UNTOUCHED = {
  action: "preserve",
  plan: "previous",
  status: "active",
  usage: "kept",
  withheld: "nothing",
} as const;

export const SCENARIOS = {
  new_subscription: {
    title: "New subscription",
    begins: "without_subscription",
    deliveries: ({ driver }) => driver.begin(),
    expects: {
      description: "A new subscription begins with nothing used.",
      action: "reset",
      reasons: ["New subscription", "Payment confirmed", "Resubscribed within a paid period"],
      plan: "requested",
      status: "active",
      usage: "zero",
      withheld: "nothing",
    },
  },
  plan_change_preserve_usage: {
    title: "Plan change inside the period",
    begins: "active",
    deliveries: ({ driver, plan, next }) => driver.changePlan(plan, next()),
    expects: {
      ...UNTOUCHED,
      description: "The plan changes at once, and the usage stays counted.",
      reasons: ["Plan change mid-cycle detected"],
      plan: "requested",
    },
  },
  billing_renewal_reset_usage: {
    title: "Renewal",
    begins: "active",
    deliveries: ({ driver, renewal, next }) => [...driver.renew(renewal()), ...driver.payRenewal(next())],
    expects: { ...RENEWED, description: "A new billing period begins with nothing used." },
  },
  plan_change_at_renewal: {
    title: "Plan change with the renewal",
    begins: "active",
    deliveries: ({ driver, plan, renewal, next }) => [...driver.renew(renewal(), plan), ...driver.payRenewal(next())],
    expects: {
      ...RENEWED,
      description: "The new period begins on the new plan, with nothing used.",
      reasons: ["Plan change at billing renewal"],
      plan: "requested",
    },
  },
  subscription_canceled: {
    title: "Subscription ended",
    begins: "active",
    deliveries: ({ driver, next }) => driver.end(next()),
    expects: {
      ...UNTOUCHED,
      description: "The plan becomes Free; the usage stays counted until Free’s next reset.",
      reasons: ["Subscription ended"],
      plan: "free",
      status: "canceled",
      usage: "not_less",
    },
  },
  cancellation_scheduled: {
    title: "Canceled at the end of the period",
    begins: "active",
    deliveries: ({ driver, next }) => driver.cancelAtPeriodEnd(next()),
    expects: { ...UNTOUCHED, description: "Nothing changes until the period ends.", reasons: ["No billing change"] },
  },
  failed_renewal: {
    title: "Renewal whose payment failed",
    begins: "active",
    deliveries: ({ driver, renewal, next }) => [...driver.renew(renewal()), ...driver.failRenewal(next())],
    expects: {
      ...RENEWED,
      description: "The new period begins; the usage before is withheld until the payment.",
      status: "past_due",
      withheld: "usage_before",
    },
  },
  recovered_payment: {
    title: "Late payment",
    begins: "past_due",
    deliveries: ({ driver, next }) => driver.recoverPayment(next()),
    expects: {
      ...UNTOUCHED,
      description: "The plan is active again, nothing is withheld, and the usage stays counted.",
      reasons: ["Payment confirmed", "No billing change"],
    },
  },
  trial_converted: {
    title: "Trial that became a paid plan",
    begins: "trialing",
    deliveries: ({ driver, renewal, next }) => [...driver.renew(renewal()), ...driver.payRenewal(next())],
    expects: {
      ...RENEWED,
      description: "The first paid period begins with nothing used.",
      reasons: ["Trial converted to paid"],
      plan: "previous",
    },
  },
  interval_switch_carry_over: {
    title: "Change between monthly and yearly",
    begins: "active",
    deliveries: ({ driver, otherInterval, next }) => driver.switchInterval(otherInterval, next()),
    expects: {
      ...UNTOUCHED,
      description:
        "A new period begins; only the elapsed share of the old limit is credited, so that a switch does not refill the quota.",
      action: "carry_over",
      reasons: ["Billing cycle restarted mid-period"],
      usage: "not_more",
    },
  },
  paused_and_resumed: {
    title: "Paused, and resumed in the same period",
    begins: "active",
    deliveries: ({ driver, next }) => [...driver.pause(next()), ...driver.resume(next())],
    expects: {
      ...UNTOUCHED,
      description: "The plan is active again, with the usage from before.",
      reasons: ["No billing change"],
    },
  },
  duplicate_delivery: {
    title: "The same renewal delivered three times",
    begins: "active",
    deliveries: ({ driver, renewal, next }) => {
      const renewed = driver.renew(renewal());
      return [...renewed, ...renewed, ...driver.payRenewal(next()), ...renewed];
    },
    expects: {
      ...RENEWED,
      description: "The usage is reset once; the other deliveries are duplicates.",
      outcomes: ["applied", "duplicate", "applied", "duplicate"],
    },
  },
  out_of_order_delivery: {
    title: "Plan change delivered after the later renewal",
    begins: "active",
    deliveries: ({ driver, plan, renewal, next }) => {
      const changed = driver.changePlan(plan, next());
      const renewed = driver.renew(renewal());
      return [...driver.payRenewal(next()), ...renewed, ...changed];
    },
    expects: {
      ...RENEWED,
      description: "Plan and usage are the same as in the right order: the new plan, a new period, nothing used.",
      reasons: ["Billing period renewal detected", "Payment for a new billing period"],
      plan: "requested",
    },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioId = keyof typeof SCENARIOS;

export const SCENARIO_IDS = Object.keys(SCENARIOS) as [ScenarioId, ...ScenarioId[]];

/** The scenario without its literal types. */
export function scenario(id: ScenarioId): Scenario {
  return SCENARIOS[id];
}
