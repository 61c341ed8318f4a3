/** Gauges of the whole deployment, the same in each process: read from the database at each scrape. */
import { Gauge } from "prom-client";
import { z } from "zod";
import { PROCESSORS } from "@/lib/config/terms";
import { once, registry } from "@/lib/core/observability/registry";
import type { BillingMetrics } from "@/lib/database";

function gauge<Label extends string>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> {
  return once(name, () => new Gauge({ name, help, labelNames, registers: [registry] }));
}

const gauges = {
  users: gauge("tollgate_users", "Users by the plan in force", "product", "plan"),
  near: gauge("tollgate_users_near_limit", "Users who have used 80 % of a limit or more", "product", "plan", "field"),
  reached: gauge("tollgate_users_at_limit", "Users who have used all of a limit", "product", "plan", "field"),
  average: gauge("tollgate_usage_average", "Used on average in the current window", "product", "plan", "field"),
  pastDue: gauge("tollgate_subscriptions_past_due", "Subscriptions whose payment is open", "processor"),
  overdue: gauge(
    "tollgate_renewals_overdue",
    "Live subscriptions two hours past their period, without an update",
    "processor",
  ),
  inbox: gauge("tollgate_inbox_events", "Stored events that changed nothing yet", "processor", "state"),
  inboxOldest: gauge("tollgate_inbox_oldest_seconds", "Age of the oldest of these events", "processor", "state"),
  lastWebhook: gauge("tollgate_last_webhook_timestamp_seconds", "Time of a processor's last webhook", "processor"),
  lockWaiters: gauge("tollgate_database_lock_waiters", "Sessions that wait for a lock"),
  lockLongest: gauge("tollgate_database_lock_longest_wait_seconds", "The longest wait for a lock"),
  jobFailed: gauge("tollgate_job_failed", "Whether the job's last run failed", "job"),
  jobSucceeded: gauge("tollgate_job_last_success_timestamp_seconds", "Time of the job's last successful run", "job"),
  differences: gauge("tollgate_reconcile_differences", "Differences that the last reconciliation found", "kind"),
};

const count = z.number().catch(0);
/** The numbers of lib/jobs/reconcile-all.ts. Missing ones, in the result of an older version, count as 0. */
const differences = z
  .object({ drifting: count, driftingHours: count, different: count, notFound: count })
  .catch({ drifting: 0, driftingHours: 0, different: 0, notFound: 0 });
const withLast = z.object({ last: z.unknown() }).catch({ last: null });

const STATES = ["undecided", "deferred", "quarantined", "dead"];

/** Replaces all gauges by the measured values. A plan without users disappears. */
export function setDeploymentMetrics(measured: BillingMetrics): void {
  for (const each of Object.values(gauges)) each.reset();
  for (const { users, ...labels } of measured.users) gauges.users.set(labels, users);
  for (const { near, reached, average, ...labels } of measured.meters) {
    gauges.near.set(labels, near);
    gauges.reached.set(labels, reached);
    gauges.average.set(labels, average);
  }
  // Zeros are set explicitly: an alert on a missing series never ends.
  for (const processor of PROCESSORS) {
    gauges.pastDue.set({ processor }, 0);
    gauges.overdue.set({ processor }, 0);
    for (const state of STATES) {
      gauges.inbox.set({ processor, state }, 0);
      gauges.inboxOldest.set({ processor, state }, 0);
    }
  }
  for (const { processor, subscriptions } of measured.pastDue) gauges.pastDue.set({ processor }, subscriptions);
  for (const { processor, subscriptions } of measured.renewalsOverdue) gauges.overdue.set({ processor }, subscriptions);
  for (const { events, oldestSeconds, ...labels } of measured.inbox) {
    gauges.inbox.set(labels, events);
    gauges.inboxOldest.set(labels, oldestSeconds);
  }
  for (const { processor, at } of measured.lastWebhook) gauges.lastWebhook.set({ processor }, Date.parse(at) / 1_000);
  gauges.lockWaiters.set(measured.locks.waiting);
  gauges.lockLongest.set(measured.locks.longestSeconds);
  for (const { job, failed, succeededAt } of measured.jobs) {
    gauges.jobFailed.set({ job }, failed ? 1 : 0);
    if (succeededAt !== null) gauges.jobSucceeded.set({ job }, Date.parse(succeededAt) / 1_000);
  }
  const reconciled = measured.jobs.find(({ job }) => job === "reconcile")?.result ?? {};
  for (const [kind, count] of Object.entries(differencesOf(reconciled))) gauges.differences.set({ kind }, count);
}

/**
 * The differences of each kind in the reconcile job's result. A comparison can take many runs: the larger number of the one
 * under way and of the last complete one counts, so that no alert ends while the next comparison has not come so far.
 */
function differencesOf(result: Record<string, unknown>): Record<"usage" | "subscriptions" | "not_found", number> {
  const both = (counts: unknown) => [counts, withLast.parse(counts).last].map((each) => differences.parse(each));
  const usage = both(result.usage);
  const subscriptions = both(result.subscriptions);
  return {
    usage: Math.max(...usage.map(({ drifting, driftingHours }) => drifting + driftingHours)),
    subscriptions: Math.max(...subscriptions.map(({ different }) => different)),
    not_found: Math.max(...subscriptions.map(({ notFound }) => notFound)),
  };
}
