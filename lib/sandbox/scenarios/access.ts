/** Where the simulation may run at all, and what it has to offer. */
import { DomainError } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import { SCENARIO_IDS, scenario } from "./scenarios";

/** `dry_run`: outside the sandbox, with ALLOW_SIMULATION=1; nothing may change. */
export function simulationMode(): "everything" | "dry_run" | "off" {
  const { sandbox, allowSimulation } = env();
  if (sandbox) return "everything";
  return allowSimulation ? "dry_run" : "off";
}

/** @throws DomainError not_found if simulations are off, forbidden for a real run if only dry runs are allowed */
export function requireSimulation({ dryRun }: { dryRun: boolean }): void {
  const mode = simulationMode();
  if (mode === "off") throw new DomainError("not_found", "not_found", "There is nothing here.");
  if (mode === "dry_run" && !dryRun) {
    throw new DomainError("forbidden", "dry_run_only", "Outside the sandbox only dry runs are allowed (dryRun: true).");
  }
}

/** Every scenario: its id, what it plays, and what must come of it. */
export function scenarioList() {
  return SCENARIO_IDS.map((id) => {
    const { title, begins, expects } = scenario(id);
    return { id, title, begins, expectation: expects.says };
  });
}
