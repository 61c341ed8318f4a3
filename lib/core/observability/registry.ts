import { collectDefaultMetrics, Registry } from "prom-client";
import { singleton } from "../singleton";

/** The process's metrics: ours, and Node's own (memory, event loop, garbage collection). */
export const registry = singleton("metrics-registry", () => {
  const created = new Registry();
  collectDefaultMetrics({ register: created });
  return created;
});

/** The metric of that name, created at the first call: the registry refuses a second metric of one name. */
export function once<Metric>(name: string, create: () => Metric): Metric {
  return (registry.getSingleMetric(name) as Metric | undefined) ?? create();
}
