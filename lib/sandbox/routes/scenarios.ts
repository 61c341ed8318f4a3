/** Simulates webhooks. */
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";
import { auditedSimulation, requireSimulation, scenarioList, simulationRequest } from "@/lib/sandbox/scenarios";

export function listScenarios(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    requireSimulation({ dryRun: true });
    return json({ scenarios: scenarioList() });
  });
}

export function simulate(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    requireSimulation({ dryRun: true });
    const body = await readJson(request, simulationRequest);
    requireSimulation(body);
    return json(await auditedSimulation(body, id, gateway()));
  });
}
