/** Counts and times every call of a Postgres function, for `/api/metrics`. */
import { documentedMetrics, metrics, secondsSince } from "@/lib/core/observability/metrics";
import { DatabaseError, type DatabaseProblem } from "../errors";
import type { Transport } from "./transport";

/** The functions that count usage: without their answer, the gate can neither allow nor refuse. */
const USAGE_FUNCTIONS: ReadonlySet<string> = new Set([
  "consume_batch",
  "consume_sequential",
  "check_and_increment_usage",
  "decrement_usage",
  "release_usage",
  "reserve_usage",
  "settle_usage",
  "set_gauge",
  "add_to_gauge",
]);
const LOCK_NOT_AVAILABLE = "55P03";

/** The transport with measurement. */
export function withMetrics(transport: Transport): Transport {
  return {
    ...transport,
    async call(name, args) {
      const start = performance.now();
      try {
        const result = await transport.call(name, args);
        countRefusal(name, args, result);
        return result;
      } catch (error) {
        if (error instanceof DatabaseError) countError(name, error);
        throw error;
      } finally {
        metrics.databaseSeconds.observe({ function: name }, secondsSince(start));
      }
    },
  };
}

/** Counts errors of the database only; wrong input is the caller's error. */
function countError(name: string, { problem, code }: DatabaseError): void {
  if (!isFailure(problem)) return;
  metrics.databaseErrors.inc({ function: name, problem });
  if (code === LOCK_NOT_AVAILABLE) metrics.lockTimeouts.inc({ function: name });
  if (USAGE_FUNCTIONS.has(name)) documentedMetrics.atomicErrors.inc({ function: name, problem });
}

/** Counts the failure of an installation's own function that counts usage. */
export function countUsageFailure(name: string, { problem }: DatabaseError): void {
  if (isFailure(problem)) documentedMetrics.atomicErrors.inc({ function: name, problem });
}

function isFailure(problem: DatabaseProblem): problem is "unavailable" | "broken" {
  return problem === "unavailable" || problem === "broken";
}

/** Counts refusals of every caller: a too small plan, a full gauge. */
function countRefusal(name: string, args: Readonly<Record<string, unknown>>, result: unknown): void {
  if (name === "validate_plan_change" && field(result, "valid") === false)
    // A product outside the catalog raises an error instead.
    documentedMetrics.downgradesBlocked.inc({ product: String(args.p_product) });
  // A function that creates a thing which a gauge counts returns the gauge's verdict.
  const verdict = field(result, "verdict");
  if (field(verdict, "allowed") === false)
    documentedMetrics.limitErrors.inc({ field: String(field(verdict, "field")) });
}

function field(result: unknown, name: string): unknown {
  return typeof result === "object" && result !== null ? (result as Record<string, unknown>)[name] : undefined;
}
