/** The whole list of jobs. Each is safe to run twice at once and to be killed in the middle. */
import { endDoubled, reach, selling } from "@/lib/billing";
import type { Gateway } from "@/lib/database";
import { carryOutChanges } from "./changes";
import { retryWebhooks } from "./retry";

interface Job {
  everySeconds: number;
  run: (gateway: Gateway) => Promise<Record<string, unknown>>;
}

export const JOBS = {
  retry: { everySeconds: 60, run: retryWebhooks },
  checkouts: { everySeconds: 120, run: (gateway) => endDoubled({ ...selling(), gateway }) },
  changes: { everySeconds: 300, run: (gateway) => carryOutChanges(gateway, reach) },
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof JOBS;

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}
