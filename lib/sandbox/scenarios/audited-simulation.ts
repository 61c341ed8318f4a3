import { audited } from "@/lib/admin";
import type { Gateway } from "@/lib/database";
import type { SimulationRequest } from "./requests";
import { type Simulation, simulate } from "./simulate";

/** Runs a simulation with an audit entry. A dry run changes nothing, so it writes no entry. */
export function auditedSimulation(request: SimulationRequest, by: string, gateway: Gateway): Promise<Simulation> {
  const { userId, scenario, dryRun, customData } = request;
  if (dryRun) return simulate(request, by, gateway);
  return audited(
    { by, action: "simulation.run", userId, details: { scenario, customData } },
    gateway,
    () => simulate(request, by, gateway),
    ({ passed, processor, product }) => ({ passed, processor, product }),
  );
}
