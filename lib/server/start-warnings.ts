/** Finds configurations with which the server starts but offers less. The log names the variable. */
import { type Env, env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";

/** Logs each warning once, when the server starts. */
export function logStartWarnings(): void {
  for (const warning of configurationWarnings(env())) log.warn(`[Start] ${warning}`);
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
