/** Subscription schedules: phases, each with the items and discounts from its start on. */
import type { ItemSpec } from "../event-builders/stripe/events";
import {
  type AccountState,
  isFlexible,
  nextId,
  type Phase,
  type Schedule,
  type StripeStep,
  type Subscription,
  seconds,
} from "./account-state";
import { setDiscounts } from "./discounts";
import { emitChange, emitEvent } from "./emit";
import { moneyOf } from "./money";
import { scheduleOf, subscriptionOf } from "./objects";
import { periodAfter } from "./period";
import { invalid } from "./problem";
import { intervalOf } from "./proration";

/** A schedule whose first phase is the current state of the subscription, until its period ends. */
export function scheduleFrom(step: StripeStep, subscription: Subscription): Schedule {
  const { state } = step;
  if (subscription.schedule) {
    throw invalid("You cannot migrate a subscription that is already attached to a schedule.", "from_subscription");
  }
  const schedule: Schedule = {
    id: nextId(state, "sub_sched"),
    created: seconds(step),
    subscription: subscription.id,
    status: "active",
    endBehavior: "release",
    phases: [
      {
        start: subscription.periodStart,
        end: subscription.periodEnd,
        items: subscription.items.map(({ price, quantity = 1 }) => ({ price, quantity })),
        prorationBehavior: "create_prorations",
        trialEnd: subscription.status === "trialing" ? (subscription.trialEnd ?? null) : null,
        discounts: phaseDiscounts(state, subscription),
        ...(subscription.automaticTax && { automaticTax: true }),
      },
    ],
    metadata: {},
    endedAt: null,
  };
  state.schedules.push(schedule);
  attach(step, subscription, schedule.id);
  emitEvent(step, "subscription_schedule.created", scheduleOf(state, schedule));
  return schedule;
}

/** Replaces the phases from the current one on. */
export function reschedule(
  step: StripeStep,
  schedule: Schedule,
  {
    phases,
    endBehavior,
    metadata,
  }: { phases?: Phase[]; endBehavior?: Schedule["endBehavior"]; metadata?: Record<string, string> },
): void {
  if (schedule.status !== "active")
    throw invalid(`You cannot update a subscription schedule that is ${schedule.status}.`);
  const { state } = step;
  if (phases !== undefined) refuseWrongPhases(state, schedule, phases);
  emitChange(
    step,
    "subscription_schedule.updated",
    () => scheduleOf(state, schedule),
    () => {
      if (phases !== undefined) schedule.phases = phases;
      if (endBehavior !== undefined) schedule.endBehavior = endBehavior;
      if (metadata !== undefined) Object.assign(schedule.metadata, metadata);
    },
  );
}

function refuseWrongPhases(state: AccountState, schedule: Schedule, phases: Phase[]): void {
  const subscription = state.subscriptions.find(({ id }) => id === schedule.subscription);
  const [first] = phases;
  if (first === undefined || subscription === undefined) throw invalid("A schedule needs phases.", "phases");
  if (first.start !== subscription.periodStart && !schedule.phases.some(({ start }) => start === first.start)) {
    throw invalid("You can not modify the start date of the current phase.", "phases[0][start_date]");
  }
  phases.forEach((phase, index) => {
    const next = phases[index + 1];
    if (phase.end <= phase.start) throw invalid("A phase must end after it starts.", `phases[${index}][end_date]`);
    const switches = next && intervalOf(next.items) !== intervalOf(phase.items);
    if (switches && isFlexible(subscription) && next.anchor !== "phase_start") {
      const message =
        "The sandbox requires `billing_cycle_anchor: phase_start` for another interval of a flexible subscription.";
      throw invalid(message, `phases[${index + 1}][billing_cycle_anchor]`);
    }
    if (next && next.start !== phase.end) {
      throw invalid("Phases must follow each other without a gap.", `phases[${index + 1}][start_date]`);
    }
    // The sandbox changes phases only at the end of a period, as our product requests it.
    if (
      phase.start <= subscription.periodStart &&
      phase.end > subscription.periodStart &&
      phase.end !== subscription.periodEnd
    ) {
      throw invalid("The sandbox requires phases that end with the billing period.", `phases[${index}][end_date]`);
    }
  });
}

/** Detaches the schedule; the subscription stays as it is. */
export function release(step: StripeStep, schedule: Schedule): void {
  const { state } = step;
  if (schedule.status !== "active") {
    throw invalid(`You cannot release a subscription schedule that is currently in the \`${schedule.status}\` status.`);
  }
  schedule.status = "released";
  schedule.endedAt = seconds(step);
  emitEvent(step, "subscription_schedule.released", scheduleOf(state, schedule));
  const subscription = state.subscriptions.find(({ id }) => id === schedule.subscription);
  if (subscription) attach(step, subscription, null);
}

/** Renews a subscription with the items of the schedule's next phase, or with its current items. */
export function followSchedule(
  step: StripeStep,
  subscription: Subscription,
  carry: (items: ItemSpec[], phase: Phase | null) => void,
): void {
  const { state } = step;
  const schedule = state.schedules.find(({ id }) => id === subscription.schedule);
  const next = schedule && phaseAt(schedule, subscription.periodEnd);
  if (schedule && !next) release(step, schedule);
  if (!schedule || !next) {
    carry(subscription.items, null);
    return;
  }
  const items = next.items.map(({ price, quantity }, index) => ({
    id: subscription.items[index]?.id ?? nextId(state, "si"),
    price,
    quantity,
  }));
  const object = () => scheduleOf(state, schedule);
  emitChange(step, "subscription_schedule.updated", object, () => {
    enterPhase(step, subscription, next);
    carry(items, next);
  });
}

/** A phase lists the subscription's discounts from its start on; other discounts end. */
function enterPhase(step: StripeStep, subscription: Subscription, { discounts = [], automaticTax }: Phase): void {
  const wanted = discounts.map(({ discount, coupon, promotionCode }) =>
    discount !== null && subscription.discounts?.includes(discount)
      ? { discount }
      : { coupon: coupon ?? undefined, promotion_code: promotionCode ?? undefined },
  );
  // A discount that has ended meanwhile does not begin again.
  const usable = wanted.filter((each) => Object.values(each).some(Boolean));
  setDiscounts(step, subscription, usable, "discounts");
  if (automaticTax !== undefined) subscription.automaticTax = automaticTax;
}

function phaseDiscounts(state: AccountState, { discounts = [] }: Subscription): NonNullable<Phase["discounts"]> {
  return moneyOf(state)
    .discounts.filter(({ id }) => discounts.includes(id))
    .map(({ id }) => ({ coupon: null, discount: id, promotionCode: null }));
}

/** Whether the subscription ends with the schedule's last phase at the end of this period. */
export function scheduleEnds({ state }: StripeStep, subscription: Subscription): boolean {
  const schedule = state.schedules.find(({ id }) => id === subscription.schedule);
  return schedule?.endBehavior === "cancel" && phaseAt(schedule, subscription.periodEnd) === undefined;
}

function phaseAt({ phases }: Schedule, at: number): Phase | undefined {
  return phases.find(({ start, end }) => start <= at && at < end);
}

/** The end of a phase of `count` intervals. */
export function phaseEnd(start: number, interval: "month" | "year", count: number): number {
  let end = start;
  for (let n = 0; n < count; n++) end = periodAfter(start, end, interval);
  return end;
}

function attach(step: StripeStep, subscription: Subscription, schedule: string | null): void {
  emitChange(
    step,
    "customer.subscription.updated",
    () => subscriptionOf(step.state, subscription),
    () => {
      subscription.schedule = schedule;
    },
  );
}
