/** Where the simulation may run at all, and what it has to offer. */
import { env } from "@/lib/env";
import { HttpError } from "@/lib/http";
import { SCENARIO_IDS, scenario } from "./scenarios";

/**
 * Outside the sandbox there is nothing here; with ALLOW_SIMULATION=1 dry runs, which change nothing.
 * @throws HttpError 404, 403
 */
export function requireSimulation({ dryRun }: { dryRun: boolean }): void {
  const { sandbox, allowSimulation } = env();
  if (sandbox) return;
  if (!allowSimulation) throw new HttpError(404, "not_found", "There is nothing here.");
  if (!dryRun)
    throw new HttpError(403, "dry_run_only", "Outside the sandbox only dry runs are allowed (dryRun: true).");
}

/** Every scenario: its id, what it plays, and what must come of it. */
export function scenarioList() {
  return SCENARIO_IDS.map((id) => {
    const { title, begins, expects } = scenario(id);
    return { id, title, begins, expectation: expects.says };
  });
}
