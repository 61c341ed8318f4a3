/** The whole list of jobs. Each is safe to run twice at once and to be killed in the middle. */
import type { Gateway } from "@/lib/database";
import { retryWebhooks } from "./retry";

interface Job {
  everySeconds: number;
  run: (gateway: Gateway) => Promise<Record<string, unknown>>;
}

export const JOBS = {
  retry: { everySeconds: 60, run: retryWebhooks },
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof JOBS;

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}
