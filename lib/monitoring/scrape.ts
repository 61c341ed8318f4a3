/** What `/api/metrics` answers: this process's counters, and the deployment's gauges from the database. */
import { Gauge } from "prom-client";
import type { Gateway } from "@/lib/database";
import { log } from "@/lib/observability/log";
import { measures } from "@/lib/observability/measures";
import { once, registry } from "@/lib/observability/registry";
import { showDeployment } from "./deployment";

/** Several Prometheus servers, or an eager one, ask the database no more often than this. */
const FRESH_MS = 30_000;

const databaseUp = once(
  "tollgate_deployment_measures_up",
  () =>
    new Gauge({
      name: "tollgate_deployment_measures_up",
      help: "Whether the gauges of the deployment are as the database says; else they are as it last said",
      registers: [registry],
    }),
);

/** A reader of the metrics, each with its own idea of how old the deployment's may be. */
export function createScrape(database: () => Gateway, freshMs = FRESH_MS) {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function readDeployment(): Promise<void> {
    try {
      showDeployment(await database().measureBilling());
      readAt = performance.now();
      databaseUp.set(1);
    } catch (error) {
      // What this process counts is worth most when the database does not answer.
      databaseUp.set(0);
      log.warn({ error: String(error) }, "[Metrics] The database's measures could not be read");
    } finally {
      reading = undefined;
    }
  }

  return async (): Promise<{ contentType: string; text: string }> => {
    if (performance.now() - readAt >= freshMs) {
      reading ??= readDeployment();
      await reading;
    }
    showPool(database());
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
}

function showPool(gateway: Gateway): void {
  const pool = gateway.pool();
  if (pool === null) return;
  measures.poolConnections.set({ state: "busy" }, pool.total - pool.idle);
  measures.poolConnections.set({ state: "idle" }, pool.idle);
  measures.poolConnections.set({ state: "waited_for" }, pool.waiting);
}
