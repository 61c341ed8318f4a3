/**
 * The counters and timers of this process. Labels have few values, all from our code: never a user, never text from
 * outside. Gauges of the whole deployment are read from the database (lib/monitoring/scrape.ts).
 */
import { Counter, Gauge, Histogram } from "prom-client";
import { once, registry } from "./registry";

/** From the time of a fast statement to the deadline of a webhook delivery. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128];

function counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
  return once(name, () => new Counter({ name, help, labelNames, registers: [registry] }));
}

function histogram<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  buckets = SECONDS,
): Histogram<Label> {
  return once(name, () => new Histogram({ name, help, labelNames, buckets, registers: [registry] }));
}

function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> {
  return once(name, () => new Gauge({ name, help, labelNames, registers: [registry] }));
}

/** The four metrics of the first document's alerts, with its names. */
export const documentedMetrics = {
  limitErrors: counter("usage_limit_errors_total", "Calls refused because a limit was reached", ["field"]),
  duplicates: counter("webhook_duplicate_events_total", "Deliveries of events that were already decided", [
    "processor",
  ]),
  atomicErrors: counter("atomic_usage_errors_total", "Calls of the usage functions that failed or had no response", [
    "function",
    "problem",
  ]),
  downgradesBlocked: counter(
    "plan_downgrade_blocked_total",
    "Plan changes refused because the usage exceeds the new plan's limits",
    ["product"],
  ),
};

export const metrics = {
  webhooks: counter("tollgate_webhook_events_total", "Webhook deliveries, by outcome", [
    "processor",
    "type",
    "outcome",
  ]),
  webhookSeconds: histogram("tollgate_webhook_processing_seconds", "From a delivery's bytes to its response", [
    "processor",
  ]),
  decisions: counter("tollgate_decisions_total", "Decisions of events about usage", ["product", "action", "reason"]),
  payments: counter("tollgate_payments_total", "Charges that processors reported", ["processor", "outcome"]),

  verdicts: counter("tollgate_gate_verdicts_total", "Verdicts of the gate", ["operation", "field", "verdict"]),
  gateSeconds: histogram("tollgate_gate_seconds", "From a call of the gate to its verdict, including the wait", [
    "operation",
  ]),
  batchCalls: histogram("tollgate_gate_batch_calls", "Calls per statement, by mode", ["mode"], BATCH_SIZES),

  databaseSeconds: histogram(
    "tollgate_database_call_seconds",
    "Duration of calls of Postgres functions, including failed ones",
    ["function"],
  ),
  databaseErrors: counter("tollgate_database_errors_total", "Calls of Postgres functions without a result", [
    "function",
    "problem",
  ]),
  lockTimeouts: counter("tollgate_database_lock_timeouts_total", "Calls that ended at the lock timeout", ["function"]),
  poolSeconds: histogram("tollgate_database_pool_wait_seconds", "Wait for a connection of the pool", []),
  poolConnections: gauge("tollgate_database_pool_connections", "Connections of this process", ["state"]),

  cacheReads: counter("tollgate_cache_reads_total", "Reads of the entitlement cache", ["store", "result"]),

  jobSeconds: histogram(
    "tollgate_job_seconds",
    "Duration of the jobs' runs",
    ["job", "outcome"],
    [0.01, 0.1, 0.5, 1, 5, 15, 60, 300],
  ),
};

/** Seconds since `start` (`performance.now()`). */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1_000;
}
