import type { Instrumentation } from "next";
import type { Config } from "@/lib/config";

export interface Start {
  config: Config;
}

/**
 * Runs once when the server starts. It refuses a configuration that cannot work, records the addresses of connections, ends
 * requests whose body stalls, and removes headers and methods that Next cannot read. The sandbox runs its jobs and its
 * processors in this process; in production the host's cron calls the API.
 */
export async function register({ config }: Start): Promise<void> {
  // One condition around all imports, so that bundles of other runtimes omit them.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    (await import("@/lib/config/current-catalog")).provideConfig(config);
    const { exitIfMisconfigured } = await import("./start-problems");
    exitIfMisconfigured();
    (await import("@/lib/rate-limit/socket-address")).watchConnections();
    (await import("@/lib/http/running-response")).watchResponses();
    (await import("@/lib/http/request-deadline")).limitRequestTime();
    (await import("@/lib/http/router-state")).dropBrokenRouterState();
    (await import("@/lib/http/trace-method")).replaceTrace();
    (await import("./start-warnings")).logStartWarnings();
    await (await import("./index")).assemble();
  }
}

/** Next calls this for each error of a page, a route or a server action. Routes answer their errors themselves. */
export const onRequestError: Instrumentation.onRequestError = async (error, _request, { routeType }) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { setRenderFailureStatus } = await import("@/lib/http/render-failure");
  const { hasEntered } = await import("@/lib/rate-limit/in-flight");
  setRenderFailureStatus(error, { inAction: routeType === "action", entered: hasEntered() });
};
