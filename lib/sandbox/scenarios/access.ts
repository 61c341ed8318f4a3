/** Whether the simulation may run in this environment, and the list of scenarios. */
import { env } from "@/lib/core/env";
import { HttpError } from "@/lib/http";
import { SCENARIO_IDS, scenario } from "./scenarios";

/** `dry_run`: outside the sandbox with ALLOW_SIMULATION=1. */
export function simulationMode(): "everything" | "dry_run" | "off" {
  const { sandbox, allowSimulation } = env();
  if (sandbox) return "everything";
  return allowSimulation ? "dry_run" : "off";
}

/** @throws HttpError 404 if the simulation is off, 403 if only dry runs are allowed */
export function requireSimulation({ dryRun }: { dryRun: boolean }): void {
  const mode = simulationMode();
  if (mode === "off") throw new HttpError(404, "not_found", "There is nothing here.");
  if (mode === "dry_run" && !dryRun) {
    throw new HttpError(403, "dry_run_only", "Outside the sandbox only dry runs are allowed (dryRun: true).");
  }
}

/** Every scenario with its title and its expected result. */
export function scenarioList() {
  return SCENARIO_IDS.map((id) => {
    const { title, begins, expects } = scenario(id);
    return { id, title, begins, expectation: expects.description };
  });
}
