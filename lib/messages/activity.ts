import type { DecisionView } from "@/lib/billing/schemas/usage-view";
import { formatCount, formatNumber } from "./format";
import { meterNames } from "./meter";
import { planName } from "./plan";

const CAUSES: Record<string, string> = {
  "New subscription": "your subscription started.",
  "Billing period renewal detected": "your plan renewed.",
  "Plan change at billing renewal": "your plan renewed and changed.",
  "Trial converted to paid": "your trial became a paid plan.",
  "Trial added": "a trial was added to your plan.",
  "Plan change mid-cycle detected": "your plan changed, and your usage stays counted.",
  "Billing cycle restarted mid-period": "your billing cycle restarted before the old one ended.",
  "Resubscribed within a paid period": "you subscribed again within a period already paid.",
  "Subscription resumed with a new period": "your subscription was resumed.",
  "Subscription ended": "your subscription ended.",
  "Grace ran out": "no payment came in time.",
  "Subscription paused": "your subscription was paused.",
  "Plan removed from the subscription": "your plan was removed from the subscription.",
  "Awaiting first payment": "your first payment is not confirmed yet.",
  "No billing change": "your subscription was updated, without a change to your usage.",
  "Period moved backwards": "an older update arrived and changed nothing.",
  "Payment for a new billing period": "your payment opened a new billing period.",
  "Payment confirmed": "your payment was confirmed.",
  "Payment failed": "a payment failed.",
  "Payment not due yet": "a payment failed for an invoice that is not due yet.",
  "Payment for an earlier period": "a payment for an earlier period arrived.",
  "Payment waits for its subscription": "a payment arrived before its subscription.",
  "Payment without a new period": "a payment arrived that opens no new period.",
  "Payment for another item": "a payment arrived for another item of your subscription.",
  "Plan change scheduled": "a plan change was scheduled for the end of the period.",
  "Scheduled plan change withdrawn": "the scheduled plan change was canceled.",
  "Subscription moved to another user": "your subscription was moved to another account.",
  "Subscription moved from another user": "a subscription was moved to your account.",
  "Discount changed": "a discount of your subscription began, changed or ended.",
};

const EFFECTS = { reset: "Usage reset", preserve: "Usage kept", carry_over: "Usage carried over" };

type DecisionFigures = Pick<DecisionView, "product" | "before" | "after">;

type ShownState = Pick<DecisionView["before"], "plan" | "status" | "cancelAt">;

type ShownDecision = Pick<DecisionView, "product" | "action" | "reason"> & { before: ShownState; after: ShownState };

/**
 * The decision's effect on the counters: "12,000 of 15,000 words used before, 12,000 of 35,000 after." Counters without
 * use before and after are left out. Returns null if none remains.
 */
export function activityNumbers({ product, before, after }: DecisionFigures, locale: string): string | null {
  const sentences = after.meters.flatMap((now) => {
    const was = before.meters.find(({ field }) => field === now.field);
    if (was === undefined || now.kind === "gauge" || (was.used === 0 && now.used === 0)) return [];
    const { unit } = meterNames(product, now.field);
    const number = (value: number) => formatNumber(value, locale);
    const first = `${number(was.used)} of ${formatCount(was.limit, unit, locale)} used before`;
    const withheld = now.unpaidHeld > 0 ? `, and ${number(now.unpaidHeld)} withheld until the payment arrives` : "";
    if (was.used === now.used && was.limit === now.limit) return [`${first} and after${withheld}.`];
    return [`${first}, ${number(now.used)} of ${number(now.limit)} after${withheld}.`];
  });
  return sentences.length === 0 ? null : sentences.join(" ");
}

/** One decision in words; the date goes between them: "Usage reset" on 3 June: "your plan renewed." */
export function activityWords(decision: ShownDecision): { effect: string; cause: string } {
  const { action, reason } = decision;
  return { effect: EFFECTS[action], cause: changeText(decision) ?? CAUSES[reason] ?? `${reason}.` };
}

/** The difference between the states in words, if it is more specific than the reason. */
function changeText({ product, reason, before, after }: ShownDecision): string | undefined {
  if (reason === "Plan change mid-cycle detected" && before.plan !== after.plan) {
    const [from, to] = [planName(product, before.plan), planName(product, after.plan)];
    return `your plan changed from ${from} to ${to}, and your usage stays counted.`;
  }
  if (reason !== "No billing change") return undefined;
  if (after.status === "past_due" && before.status !== "past_due")
    return "your payment is late; your plan continues for now.";
  if (before.status === "past_due" && after.status === "active") return "your payment was received.";
  if (before.cancelAt === null && after.cancelAt !== null) return "you canceled; your plan continues until its end.";
  if (before.cancelAt !== null && after.cancelAt === null) return "you kept your plan.";
  return undefined;
}
