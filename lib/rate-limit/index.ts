/** How often a user or a network may try something. Counted in the database, so that all servers count together. */
import { createHash } from "node:crypto";
import { type CountedAttempt, gateway } from "@/lib/database";
import { env } from "@/lib/env";
import { HttpError } from "@/lib/http";
import { log } from "@/lib/observability";
import { clientNetwork } from "./client-address";
import { socketAddress } from "./socket-address";

export { enterPage, enterRequest, hasEntered } from "./in-flight";

/** At most so many attempts in so many seconds. Limits that count together stand in the order in which they are locked. */
const LIMITS = {
  /** By user: requests that call a payment processor, whatever for. Its API limits all users together. */
  processor: { attempts: 60, seconds: 60 },
  /** Failures by network: one guess at each of many accounts. An office of people shares one. */
  "sign-in-network": { attempts: 100, seconds: 300 },
  /** Failures by e-mail address and network together: a stranger elsewhere cannot lock the owner out. */
  "sign-in": { attempts: 10, seconds: 300 },
  /** Failures by e-mail address alone: guesses from many networks. One network reaches 120 of them. */
  "sign-in-address": { attempts: 1_000, seconds: 3600 },
  "sign-up-network": { attempts: 20, seconds: 3600 },
} as const;

type Scope = keyof typeof LIMITS;

/**
 * Counts one attempt.
 * @throws HttpError 429 with `Retry-After` if it is one too many
 */
export async function countAttempt(scope: Scope, key: string): Promise<void> {
  const { attempts, seconds } = LIMITS[scope];
  requireAllowed(await gateway().countAttempt(scope, hashed(key), attempts, seconds));
}

/**
 * Signs in, and counts failures: by network, by e-mail address and network, by e-mail address. The attempt is counted
 * before the work and taken back if it did not fail, so that attempts at the same time cannot exceed a limit.
 * @param work rejects with an HttpError below 429 if the password was refused; other errors count as no attempt
 * @throws HttpError 429 with `Retry-After` if there were too many failures; then a right password is refused too
 */
export async function countFailedSignIn<T>(email: string, network: string, work: () => Promise<T>): Promise<T> {
  const address = email.toLowerCase();
  const keys: [Scope, string][] = [
    ["sign-in-network", network],
    ["sign-in", `${address} ${network}`],
    ["sign-in-address", address],
  ];
  const limits = keys.map(([scope, key]) => ({ scope, key: hashed(key), ...LIMITS[scope] }));
  const answer = await gateway().countAttempts(limits);
  requireAllowed(answer);
  try {
    const result = await work();
    await takeBack(answer.counted);
    return result;
  } catch (error) {
    if (!(error instanceof HttpError && error.status < 429)) await takeBack(answer.counted);
    throw error;
  }
}

/** The network that a request came from, by `TRUSTED_PROXIES`. Requests of unknown origin count as one network. */
export function networkOf(request: Request): string {
  const forwardedFor = request.headers.get("x-forwarded-for");
  return clientNetwork(forwardedFor, socketAddress(), env().trustedProxies) ?? "unknown";
}

function requireAllowed({ allowed, retryAfter }: { allowed: boolean; retryAfter: number }): void {
  if (allowed) return;
  throw new HttpError(429, "rate_limited", "Too many attempts. Please wait a moment.", {
    retryAfterSeconds: Math.max(1, retryAfter),
  });
}

/** A count that stays too high is no reason to refuse a user who has signed in. */
async function takeBack(counted: readonly CountedAttempt[]): Promise<void> {
  try {
    await gateway().returnAttempts(counted);
  } catch (error) {
    log.warn({ error: String(error) }, "Attempt not taken back");
  }
}

function hashed(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
