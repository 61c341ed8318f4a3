/** The composition root: connects the gateway with the cache, and starts the sandbox. */
import { env } from "@/lib/core/env";
import { configuredGateway, gateway, provideGateway } from "@/lib/database";
import { entitlementCache, withInvalidation } from "@/lib/entitlements/cache";
import { providePriceSource, refreshSoldPrices } from "@/lib/processors/price-lists";
import { provideFakeClients } from "@/lib/processors/registry";
import { logUnsoldPlans } from "./start-warnings";

/** Runs once, before the first request. */
export async function assemble(): Promise<void> {
  provideGateway(() => withInvalidation(configuredGateway(), entitlementCache()));
  providePriceSource(() => gateway().listProcessorPrices());
  // Not awaited: the server also starts while the database does not answer.
  void refreshSoldPrices();
  if (env().sandbox) await assembleSandbox();
  // Without a secret no host can start the jobs, so this process does.
  else if (env().cronSecret === undefined) (await import("@/lib/jobs")).startScheduler();
  // Not awaited: it loads the SDKs of the processors, and no request needs its result.
  void logUnsoldPlans();
}

/** Loads jobs and sandbox. Production has no sandbox. */
async function assembleSandbox(): Promise<void> {
  const [{ JOBS, startScheduler }, sandbox] = await Promise.all([import("@/lib/jobs"), import("@/lib/sandbox")]);
  provideFakeClients(async () => sandbox.fakeClients);
  sandbox.provideSandboxJobs((gateway) => JOBS.changes.run(gateway));
  startScheduler();
  sandbox.startSandbox();
}
