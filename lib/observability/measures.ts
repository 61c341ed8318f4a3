/**
 * What is counted and timed in this process. Labels are words of ours only, of which there are few: never a user, never
 * a text that came from outside. What is true of the whole deployment is asked of the database (scrape.ts).
 */
import { Counter, Gauge, Histogram } from "prom-client";
import { once, registry } from "./registry";

/** From a fast statement to the deadline of a delivery. */
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

/** The four that the first document's alerts ask for, by its names. */
export const documented = {
  limitErrors: counter("usage_limit_errors_total", "Calls refused because a limit was reached", ["field"]),
  duplicates: counter("webhook_duplicate_events_total", "Deliveries of events that were decided before", ["processor"]),
  atomicErrors: counter("atomic_usage_errors_total", "Calls of the usage functions that failed or had no answer", [
    "function",
    "problem",
  ]),
  downgradesBlocked: counter("plan_downgrade_blocked_total", "Plan changes refused because more exists than fits", [
    "product",
  ]),
};

export const measures = {
  webhooks: counter("tollgate_webhook_events_total", "Deliveries, by what became of them", [
    "processor",
    "type",
    "outcome",
  ]),
  webhookSeconds: histogram("tollgate_webhook_processing_seconds", "From a delivery's bytes to its answer", [
    "processor",
  ]),
  decisions: counter("tollgate_decisions_total", "What events did to usage", ["product", "action", "reason"]),
  payments: counter("tollgate_payments_total", "Charges that processors told of", ["processor", "outcome"]),

  verdicts: counter("tollgate_gate_verdicts_total", "Answers of the gate", ["operation", "field", "verdict"]),
  gateSeconds: histogram("tollgate_gate_seconds", "From a call of the gate to its verdict, waiting included", [
    "operation",
  ]),
  batchCalls: histogram("tollgate_gate_batch_calls", "Calls per statement, by mode", ["mode"], BATCH_SIZES),

  databaseSeconds: histogram("tollgate_database_call_seconds", "Calls of Postgres functions, with their errors", [
    "function",
  ]),
  databaseErrors: counter("tollgate_database_errors_total", "Calls of Postgres functions without a result", [
    "function",
    "problem",
  ]),
  lockTimeouts: counter("tollgate_database_lock_timeouts_total", "Calls that gave up waiting for a lock", ["function"]),
  poolSeconds: histogram("tollgate_database_pool_wait_seconds", "Waiting for a connection of the pool", []),
  poolConnections: gauge("tollgate_database_pool_connections", "Connections of this process", ["state"]),

  cacheReads: counter("tollgate_cache_reads_total", "Reads of the entitlement cache", ["store", "result"]),

  jobSeconds: histogram(
    "tollgate_job_seconds",
    "Rounds of the jobs",
    ["job", "outcome"],
    [0.01, 0.1, 0.5, 1, 5, 15, 60, 300],
  ),
};

/** Seconds since `start` (`performance.now()`). */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1_000;
}
