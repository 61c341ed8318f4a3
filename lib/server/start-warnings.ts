/** Finds configurations with which the server starts but offers less. The log names the variable. */
import { priceVariable } from "@/lib/config/catalog";
import { PROCESSOR_NAMES } from "@/lib/config/terms";
import { type Env, env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { getProcessor, type UnsoldPlan, unsoldPlans } from "@/lib/processors";
import type { GetProcessor } from "@/lib/processors/registry";

/** Logs each warning once, when the server starts. */
export function logStartWarnings(): void {
  for (const warning of configurationWarnings(env())) log.warn(`[Start] ${warning}`);
}

/** Logs each plan that a configured processor has no price for. Never throws: the server starts without prices too. */
export async function logUnsoldPlans(find: GetProcessor = getProcessor): Promise<void> {
  try {
    for (const unsold of await unsoldPlans(find)) log.warn(`[Start] ${unsoldWarning(unsold)}`);
  } catch (error) {
    log.warn({ error: String(error) }, "[Start] Reading the processors' prices failed");
  }
}

function unsoldWarning({ processor, product, plan, intervals }: UnsoldPlan): string {
  const variables = intervals.map((interval) => priceVariable(processor, { product, plan, interval }));
  return (
    `The plan ${product}.${plan} is not offered ${intervals.join(" and ")} through ${PROCESSOR_NAMES[processor]}: ` +
    `it has no price there. Set ${variables.join(" and ")}.`
  );
}

/** One sentence per warning, with the variable. */
export function configurationWarnings({ sandbox, stripe, paddle }: Env): string[] {
  const warnings: string[] = [];
  if (!sandbox && paddle.apiKey !== undefined && paddle.clientToken === undefined)
    warnings.push(
      "Paddle is not offered to buyers: PADDLE_CLIENT_TOKEN is not set. Plans bought through Paddle are still managed.",
    );
  for (const [variable, address] of [
    ["STRIPE_API_BASE", stripe.apiBase],
    ["PADDLE_API_BASE", paddle.apiBase],
  ] as const)
    if (address !== undefined)
      warnings.push(`${variable} is for tests: requests go to ${address}, and no customer is charged.`);
  return warnings;
}
