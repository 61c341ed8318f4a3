/** The composition root: connects the gateway with the cache, and starts the sandbox. */
import { env } from "@/lib/core/env";
import { configuredGateway, provideGateway } from "@/lib/database";
import { entitlementCache, withInvalidation } from "@/lib/entitlements/cache";
import { provideFakeClients } from "@/lib/processors/registry";

/** Runs once, before the first request. */
export async function assemble(): Promise<void> {
  provideGateway(() => withInvalidation(configuredGateway(), entitlementCache()));
  if (env().sandbox) await assembleSandbox();
}

/** Loads jobs and sandbox, which production does not load: it has no sandbox, and its host starts the jobs. */
async function assembleSandbox(): Promise<void> {
  const [{ JOBS, startScheduler }, sandbox] = await Promise.all([import("@/lib/jobs"), import("@/lib/sandbox")]);
  provideFakeClients(async () => sandbox.fakeClients);
  sandbox.provideSandboxJobs((gateway) => JOBS.changes.run(gateway));
  startScheduler();
  sandbox.startSandbox();
}
