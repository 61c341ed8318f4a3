/** Whether the simulation may run in this environment, and the list of scenarios. */
import { DomainError, nothingHere } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import { SCENARIO_IDS, scenario } from "./scenarios";

/** `dry_run`: outside the sandbox with ALLOW_SIMULATION=1. */
export function simulationMode(): "everything" | "dry_run" | "off" {
  const { sandbox, allowSimulation } = env();
  if (sandbox) return "everything";
  return allowSimulation ? "dry_run" : "off";
}

/** @throws DomainError not_found if the simulation is off, forbidden if only dry runs are allowed */
export function requireSimulation({ dryRun }: { dryRun: boolean }): void {
  const mode = simulationMode();
  if (mode === "off") throw nothingHere();
  if (mode === "dry_run" && !dryRun) {
    throw new DomainError("forbidden", "dry_run_only", "Outside the sandbox only dry runs are allowed (dryRun: true).");
  }
}

/** Every scenario with its title and its expected result. */
export function scenarioList() {
  return SCENARIO_IDS.map((id) => {
    const { title, begins, expects } = scenario(id);
    return { id, title, begins, expectation: expects.description };
  });
}
