/** Configurations that start and offer less than they could: the log names the variable. */
import { type Env, env } from "./env";
import { log } from "./observability";

/** Logs each warning once, when the server starts. */
export function warnOfLimits(): void {
  for (const warning of configurationWarnings(env())) log.warn(`[Start] ${warning}`);
}

export function configurationWarnings({ sandbox, paddle }: Env): string[] {
  if (sandbox || paddle.apiKey === undefined || paddle.clientToken !== undefined) return [];
  return [
    "Paddle is not offered to buyers: PADDLE_CLIENT_TOKEN is not set. Plans bought through Paddle are still managed.",
  ];
}
