import type { DecisionView } from "@/lib/usage/view";
import { planName } from "./plan-words";

const WHY: Record<string, string> = {
  "New subscription": "your subscription started.",
  "Billing period renewal detected": "your plan renewed.",
  "Plan change at billing renewal": "your plan renewed and changed.",
  "Trial converted to paid": "your trial became a paid plan.",
  "Trial added": "a trial was added to your plan.",
  "Plan change mid-cycle detected": "your plan changed, and what you used stays counted.",
  "Billing cycle restarted mid-period": "your billing cycle started anew before the old one was over.",
  "Resubscribed within a paid period": "you subscribed again within a period already paid.",
  "Subscription resumed with a new period": "your subscription was resumed.",
  "Subscription ended": "your subscription ended.",
  "Grace ran out": "no payment came in time.",
  "Subscription paused": "your subscription was paused.",
  "Awaiting first payment": "your first payment is not confirmed yet.",
  "No billing change": "your subscription was updated, without a change to your usage.",
  "Period moved backwards": "old news arrived, and nothing was taken back.",
  "Payment for a new billing period": "your payment opened a new billing period.",
  "Payment confirmed": "your payment was confirmed.",
  "Payment failed": "a payment failed.",
  "Payment for an earlier period": "a payment for an earlier period arrived.",
  "Payment waits for its subscription": "a payment arrived before its subscription.",
  "Payment without a new period": "a payment arrived that opens no new period.",
  "Plan change scheduled": "a plan change was scheduled for the end of the period.",
  "Scheduled plan change withdrawn": "the scheduled plan change was taken back.",
};

const WHAT = { reset: "Usage reset", preserve: "Usage kept", carry_over: "Usage carried over" };

type Told = Pick<DecisionView, "product" | "action" | "reason" | "before" | "after">;

/** One decision in plain words, around its date: "Usage reset" on 3 June: "your plan renewed." */
export function trailWords(decision: Told): { what: string; why: string } {
  const { action, reason } = decision;
  return { what: WHAT[action], why: whatChanged(decision) ?? WHY[reason] ?? `${reason}.` };
}

/** Where the reason says little, the difference says more. */
function whatChanged({ product, reason, before, after }: Told): string | undefined {
  if (reason === "Plan change mid-cycle detected" && before.plan !== after.plan) {
    const [from, to] = [planName(product, before.plan), planName(product, after.plan)];
    return `your plan changed from ${from} to ${to}, and what you used stays counted.`;
  }
  if (reason !== "No billing change") return undefined;
  if (after.status === "past_due" && before.status !== "past_due")
    return "your payment is late; your plan goes on for now.";
  if (before.status === "past_due" && after.status === "active") return "your payment came through.";
  if (before.cancelAt === null && after.cancelAt !== null) return "you canceled; your plan goes on until it ends.";
  if (before.cancelAt !== null && after.cancelAt === null) return "you decided to stay.";
  return undefined;
}
