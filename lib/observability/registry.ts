import { collectDefaultMetrics, Registry } from "prom-client";

/** Kept beside the modules: a bundler may load them more than once, and a metric must be registered once. */
const kept = globalThis as typeof globalThis & { tollgateRegistry?: Registry };

/** The process's metrics: ours, and Node's own (memory, event loop, garbage collection). */
export const registry: Registry = kept.tollgateRegistry ?? newRegistry();
kept.tollgateRegistry = registry;

function newRegistry(): Registry {
  const made = new Registry();
  collectDefaultMetrics({ register: made });
  return made;
}

/** The metric of that name, made at the first call. */
export function once<Metric>(name: string, make: () => Metric): Metric {
  return (registry.getSingleMetric(name) as Metric | undefined) ?? make();
}
