/** How often somebody may try something. Counted in the database, so that all servers count together. */
import { createHash } from "node:crypto";
import { gateway } from "@/lib/database";
import { env } from "@/lib/env";
import { HttpError } from "@/lib/http";
import { clientNetwork } from "./client-address";
import { socketAddress } from "./socket-address";

/** At most so many attempts in so many seconds. */
const LIMITS = {
  /** By user: each makes a customer, a session or a transaction at the processor. */
  checkout: { attempts: 20, seconds: 60 },
  /** By address of e-mail: passwords cannot be guessed at leisure, whatever network they are guessed from. */
  "sign-in": { attempts: 10, seconds: 300 },
  /** By network: one guess at each of many accounts. An office of people shares one. */
  "sign-in-network": { attempts: 100, seconds: 300 },
  "sign-up-network": { attempts: 20, seconds: 3600 },
} as const;

/**
 * Counts one attempt.
 * @throws HttpError 429 with `Retry-After` where it is one too many
 */
export async function countAttempt(scope: keyof typeof LIMITS, key: string): Promise<void> {
  const { attempts, seconds } = LIMITS[scope];
  const { allowed, retryAfter } = await gateway().countAttempt(scope, hashed(key), attempts, seconds);
  if (allowed) return;
  throw new HttpError(429, "rate_limited", "Too many attempts. Please wait a moment.", {
    retryAfterSeconds: Math.max(1, retryAfter),
  });
}

/** The network that a request came from, by `TRUSTED_PROXIES`; null if the host hides connections and sends no header. */
export function networkOf(request: Request): string | null {
  return clientNetwork(request.headers.get("x-forwarded-for"), socketAddress(), env().trustedProxies);
}

function hashed(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
