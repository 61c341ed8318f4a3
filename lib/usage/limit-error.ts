/** What a person reads when the gate said no: the limit, what was used, when it comes back. */

import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { findPlan, meterOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";

/** The error for a refused verdict. */
export function refusal(verdict: Verdict): DomainError {
  const { field, limit, used, resetsAt, plan } = verdict;
  return new DomainError("payment_required", verdict.reason ?? "limit_reached", sentence(verdict), {
    field,
    limit,
    used,
    resetsAt,
    plan,
  });
}

const number = (value: number) => value.toLocaleString("en-US");

function sentence({ field, limit, used, remaining, resetsAt, plan, reason }: Verdict): string {
  const { productId, meter } = meterOf(field);
  const name = findPlan(productId, plan)?.name ?? plan;
  const unit = limit === 1 ? meter.unit.one : meter.unit.many;
  if (meter.kind === "gauge") return `${name} has room for ${number(limit)} ${unit}, and you have ${number(used)}.`;
  const back = resetsAt ? ` It resets on ${day(resetsAt)}.` : "";
  if (reason === "payment_pending")
    return `Your payment is still open, so ${number(remaining)} ${meter.unit.many} are left for now.`;
  const left = remaining > 0 ? `: ${number(remaining)} left, and this takes more` : "";
  return `You have used ${number(used)} of ${number(limit)} ${unit} on ${name}${left}.${back}`;
}

function day(instant: string): string {
  return new Date(instant).toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
}
