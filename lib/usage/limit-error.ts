/** The error for a refused verdict, with a message for the user: the limit, the usage and the reset. */

import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { currentConfig, meterOf, planName } from "@/lib/config/current-catalog";
import { dateLocale } from "@/lib/config/locale";
import { DomainError } from "@/lib/core/domain-error";

/** DomainError payment_required, with the verdict's reason and numbers. */
export function limitError(verdict: Verdict): DomainError {
  const { field, limit, used, resetsAt, plan } = verdict;
  return new DomainError("payment_required", verdict.reason ?? "limit_reached", limitMessage(verdict), {
    field,
    limit,
    used,
    resetsAt,
    plan,
  });
}

const formatNumber = (value: number) => value.toLocaleString(currentConfig().locale);

function limitMessage({ field, limit, used, remaining, resetsAt, plan, reason }: Verdict): string {
  const { productId, meter } = meterOf(field);
  const name = planName(productId, plan);
  const unit = limit === 1 ? meter.unit.one : meter.unit.many;
  if (meter.kind === "gauge")
    return `${name} has room for ${formatNumber(limit)} ${unit}, and you have ${formatNumber(used)}.`;
  const reset = resetsAt ? ` It resets on ${formatDay(resetsAt)}.` : "";
  if (reason === "payment_pending")
    return `Your payment is still open, so ${formatNumber(remaining)} ${meter.unit.many} are left for now.`;
  const left = remaining > 0 ? `: ${formatNumber(remaining)} left, and this takes more` : "";
  return `You have used ${formatNumber(used)} of ${formatNumber(limit)} ${unit} on ${name}${left}.${reset}`;
}

function formatDay(instant: string): string {
  return new Date(instant).toLocaleDateString(dateLocale(currentConfig().locale), {
    day: "numeric",
    month: "long",
    timeZone: "UTC",
  });
}
