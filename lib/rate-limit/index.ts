/** Limits attempts per user and per network. The database counts them, so that all servers share the counts. */
import { createHash } from "node:crypto";
import { DomainError, isTemporary } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { type CountedAttempt, gateway } from "@/lib/database";
import { resolveClientNetwork } from "./client-network";
import { socketAddress } from "./socket-address";

export { enterPage, enterRequest } from "./in-flight";

/** The numbers of attempts and seconds. Limits that are counted together are in the order of their locks. */
const LIMITS = {
  /** Per user: all requests that call a payment processor. Its API limits all users together. */
  processor: { attempts: 60, seconds: 60 },
  /** Failures per network: against one guess at each of many accounts. An office shares one network. */
  "sign-in-network": { attempts: 100, seconds: 300 },
  /** Failures per e-mail address and network: a stranger on another network cannot block the owner. */
  "sign-in": { attempts: 10, seconds: 300 },
  /** Failures per e-mail address: against guesses from many networks. One network reaches 120 per hour. */
  "sign-in-address": { attempts: 1_000, seconds: 3600 },
  "sign-up-network": { attempts: 20, seconds: 3600 },
} as const;

type Scope = keyof typeof LIMITS;

/**
 * Counts one attempt.
 * @throws DomainError too_many with `Retry-After` if the limit is reached
 */
export async function countAttempt(scope: Scope, key: string): Promise<void> {
  const { attempts, seconds } = LIMITS[scope];
  requireAllowed(await gateway().countAttempt(scope, hashed(key), attempts, seconds));
}

/**
 * Signs in, and counts failures per network, per e-mail address and network, and per e-mail address. The attempt is
 * counted before the work, so that concurrent attempts cannot exceed a limit. It is given back if the work did not
 * fail.
 * @param work rejects with a DomainError if the password was refused; temporary and other errors do not count
 * @throws DomainError too_many with `Retry-After` after too many failures, also for a correct password
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
    await returnAttempts(answer.counted);
    return result;
  } catch (error) {
    if (!(error instanceof DomainError && !isTemporary(error.problem))) await returnAttempts(answer.counted);
    throw error;
  }
}

/** The client's network, by `TRUSTED_PROXIES`. All requests of unknown origin count as one network. */
export function clientNetwork(request: Request): string {
  const forwardedFor = request.headers.get("x-forwarded-for");
  return resolveClientNetwork(forwardedFor, socketAddress(), env().trustedProxies) ?? "unknown";
}

function requireAllowed({ allowed, retryAfter }: { allowed: boolean; retryAfter: number }): void {
  if (allowed) return;
  throw new DomainError("too_many", "rate_limited", "Too many attempts. Please wait a moment.", {
    retryAfterSeconds: Math.max(1, retryAfter),
  });
}

/** Never throws: a count that stays too high must not refuse a user who has signed in. */
async function returnAttempts(counted: readonly CountedAttempt[]): Promise<void> {
  try {
    await gateway().returnAttempts(counted);
  } catch (error) {
    log.warn({ error: String(error) }, "Returning an attempt failed");
  }
}

function hashed(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
