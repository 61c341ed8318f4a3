/** The list of all jobs. Each can run twice at once and can be killed at any point. */

import { env } from "@/lib/core/env";
import { timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";
import { getProcessor } from "@/lib/processors";
import { endDuplicatePurchases } from "@/lib/subscriptions";
import { carryOutScheduledChanges } from "./changes";
import { cleanUp } from "./cleanup";
import { expireReservations } from "./expire";
import { sumHours } from "./hours";
import { measureUsage } from "./metrics";
import { createAndSendNotices } from "./notices";
import { maintainLedgerPartitions } from "./partitions";
import { reconcileAll } from "./reconcile-all";
import { retryWebhooks } from "./retry";

export interface Job {
  /** vercel.json has the same interval for the host's cron; a test compares them. */
  everySeconds: number;
  run: (gateway: Gateway) => Promise<object>;
}

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const DAY_SECONDS = 24 * HOUR_SECONDS;

export const JOBS = {
  retry: { everySeconds: MINUTE_SECONDS, run: (gateway) => retryWebhooks(gateway) },
  expire: { everySeconds: MINUTE_SECONDS, run: (gateway) => expireReservations(gateway) },
  checkouts: {
    everySeconds: 2 * MINUTE_SECONDS,
    run: (gateway) => endDuplicatePurchases({ getProcessor, gateway }, timeBudget().isOver),
  },
  changes: { everySeconds: 5 * MINUTE_SECONDS, run: (gateway) => carryOutScheduledChanges(gateway, getProcessor) },
  notices: { everySeconds: 5 * MINUTE_SECONDS, run: (gateway) => createAndSendNotices(gateway) },
  hours: { everySeconds: 5 * MINUTE_SECONDS, run: (gateway) => sumHours(gateway) },
  metrics: { everySeconds: 5 * MINUTE_SECONDS, run: (gateway) => measureUsage(gateway) },
  cleanup: { everySeconds: HOUR_SECONDS, run: (gateway) => cleanUp(gateway, env().webhookDays) },
  partitions: { everySeconds: DAY_SECONDS, run: (gateway) => maintainLedgerPartitions(gateway, env().ledgerMonths) },
  // A run continues the walk of the day, within its budget of requests.
  reconcile: {
    everySeconds: MINUTE_SECONDS,
    run: (gateway) => reconcileAll(gateway, { repair: true, everySeconds: DAY_SECONDS }),
  },
} as const satisfies Record<string, Job>;

export type JobName = keyof typeof JOBS;

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}
