/** The response of `/api/metrics`: this process's counters, and the deployment's gauges from the database. */
import { Gauge } from "prom-client";
import { log } from "@/lib/core/observability/log";
import { metrics } from "@/lib/core/observability/metrics";
import { once, registry } from "@/lib/core/observability/registry";
import type { Gateway } from "@/lib/database";
import { setDeploymentMetrics } from "./deployment";

/** Limits the database reads of several Prometheus servers, or of a short scrape interval. */
const FRESH_MS = 30_000;

const databaseUp = once(
  "tollgate_deployment_measures_up",
  () =>
    new Gauge({
      name: "tollgate_deployment_measures_up",
      help: "Whether the last read of the deployment's gauges succeeded; otherwise they are from an earlier read",
      registers: [registry],
    }),
);

/** A scrape function. @param freshMs how old the deployment's gauges may be */
export function createScrape(database: () => Gateway, freshMs = FRESH_MS) {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function readDeployment(): Promise<void> {
    try {
      setDeploymentMetrics(await database().billingMetrics());
      readAt = performance.now();
      databaseUp.set(1);
    } catch (error) {
      // The process's own counters are most needed when the database does not respond.
      databaseUp.set(0);
      log.warn({ error: String(error) }, "[Metrics] Reading the deployment's gauges failed");
    } finally {
      reading = undefined;
    }
  }

  return async (): Promise<{ contentType: string; text: string }> => {
    if (performance.now() - readAt >= freshMs) {
      reading ??= readDeployment();
      await reading;
    }
    setPoolMetrics(database());
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
}

function setPoolMetrics(gateway: Gateway): void {
  const pool = gateway.pool();
  if (pool === null) return;
  metrics.poolConnections.set({ state: "busy" }, pool.total - pool.idle);
  metrics.poolConnections.set({ state: "idle" }, pool.idle);
  metrics.poolConnections.set({ state: "waited_for" }, pool.waiting);
}
