import { cookies, headers } from "next/headers";
import { after } from "next/server";
import { z } from "zod";
import { DomainError, nothingHere } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import { requireSameOrigin } from "@/lib/http/origin";
import { readJson } from "@/lib/http/respond";
import { enterRequest } from "@/lib/rate-limit";
import { hasBearerToken } from "./api-key";
import { usableIdentity } from "./claims";
import type { Caller, Cookie, CurrentUser } from "./identity";
import { storeProfile } from "./profile";
import { provider } from "./provider";
import { parametersOf, SERVICE_ACTOR, subjectAndInput } from "./subject";

export { type Confirmation, confirmationOf } from "./confirmation";
export type { Caller, CurrentUser } from "./identity";
export { identityKind } from "./kind";
export { beforePage } from "./provider";
export { resolveUserId } from "./resolve-user-id";
export {
  confirm,
  endSession,
  showConfirmation,
  signIn,
  signInLocally,
  signOut,
  signOutLocally,
  signUp,
} from "./session";
export { SERVICE_ACTOR, type Subject } from "./subject";

/**
 * The signed-in user, in pages and routes; null without a session.
 * @param request the request of a route; absent in a page
 */
export async function currentUser(request?: Request): Promise<CurrentUser | null> {
  const chosen = await provider();
  const jar = await cookies();
  const claimed = await chosen?.userOf(new Headers(await headers()), (renewed) => setCookies(jar, renewed), request);
  const identity = usableIdentity(claimed);
  if (identity === null) return null;
  after(() => storeProfile(identity));
  return { ...identity, admin: identity.admin || env().adminUserIds.includes(identity.id) };
}

/** A page cannot set cookies; proxy.ts has renewed the session before it. */
function setCookies(jar: Awaited<ReturnType<typeof cookies>>, renewed: readonly Cookie[]): void {
  try {
    for (const { name, value, options } of renewed) jar.set(name, value, options);
  } catch {
    // Next throws in a page.
  }
}

/**
 * The signed-in user of a route. A write must come from our own pages. Four requests per user run at once.
 * @throws DomainError unauthenticated, forbidden, too_many
 */
export async function requireUser(request: Request): Promise<CurrentUser> {
  const user = await requireGateUser(request);
  await enterRequest(user.id);
  return user;
}

/**
 * `requireUser` for routes whose work the gate limits. It does not limit concurrent requests, since a response may stream.
 * @throws DomainError unauthenticated, forbidden
 */
export async function requireGateUser(request: Request): Promise<CurrentUser> {
  const user = await currentUser(request);
  if (user === null) throw new DomainError("unauthenticated", "not_signed_in", "Please sign in first.");
  if (request.method !== "GET" && request.method !== "HEAD") requireSameOrigin(request);
  return user;
}

/**
 * A service with the usage key, or the signed-in user by cookie or by the provider's bearer token.
 * @throws DomainError unauthenticated (also for a wrong key beside a valid session), forbidden
 */
export async function requireCaller(request: Request): Promise<Caller> {
  const authorization = request.headers.get("authorization");
  if (hasBearerToken(authorization, env().usageApiKey)) return { kind: "service" };
  if (authorization === null || JWT.test(authorization)) return { kind: "user", user: await requireGateUser(request) };
  throw invalidKey();
}

// Also without a signature: such a token is no session, and no key either.
const JWT = /^Bearer eyJ[\w-]+\.[\w-]+\.[\w-]*$/i;

/**
 * A service with the usage key; a session is not enough.
 * @param why the error message for a session
 * @throws DomainError unauthenticated, forbidden
 */
export async function requireService(request: Request, why: string): Promise<void> {
  const caller = await requireCaller(request);
  if (caller.kind !== "service") throw new DomainError("forbidden", "service_key_required", why);
}

/**
 * The subject of a route that reads (`?userId=`, `?actorId=`), and the route's own parameters: the signed-in user, or the user
 * whom a service with the usage key names.
 * @throws DomainError unauthenticated, bad_input, forbidden if a session names another user
 */
export async function requireSubject<T extends z.ZodObject>(request: Request, query: T = z.object({}) as T) {
  const user = await userOrService(request);
  return subjectAndInput(user, query, parametersOf(request));
}

/** `requireSubject` for a route that reads a JSON body, which names the subject (`userId`, `actorId`). */
export async function requireSubjectOfBody<T extends z.ZodObject>(request: Request, body: T) {
  const user = await userOrService(request);
  return subjectAndInput(user, body, await readJson(request, z.unknown()));
}

/** The signed-in user; null for a service with the usage key. */
async function userOrService(request: Request): Promise<CurrentUser | null> {
  const authorization = request.headers.get("authorization");
  if (hasBearerToken(authorization, env().usageApiKey)) return null;
  // A wrong key. Without a session, it is the better explanation.
  if (authorization !== null && !JWT.test(authorization) && (await currentUser()) === null) throw invalidKey();
  return requireUser(request);
}

/**
 * An admin, or a service with the usage key. `by` is the actor of the audit log.
 * @throws DomainError unauthenticated, forbidden, not_found for other users
 */
export async function requireAdminOrService(request: Request): Promise<{ by: string; service: boolean }> {
  if (hasBearerToken(request.headers.get("authorization"), env().usageApiKey))
    return { by: SERVICE_ACTOR, service: true };
  return { by: (await requireAdmin(request)).id, service: false };
}

/**
 * An admin. Other users get 404, so that they do not learn that the route exists.
 * @throws DomainError unauthenticated, forbidden, not_found
 */
export async function requireAdmin(request: Request): Promise<CurrentUser> {
  const user = await requireUser(request);
  if (!user.admin) throw nothingHere();
  return user;
}

/**
 * A reader of the metrics, by METRICS_TOKEN. Without a token the route responds with 404. The sandbox needs no token: it
 * listens on loopback only.
 * @throws DomainError unauthenticated, not_found
 */
export function requireMetricsReader(request: Request): void {
  const { metricsToken, sandbox } = env();
  if (metricsToken === undefined && sandbox) return;
  requireSecret(request, metricsToken);
}

/**
 * The host's cron, by CRON_SECRET. Without a secret the route responds with 404.
 * @throws DomainError unauthenticated, not_found
 */
export function requireCron(request: Request): void {
  requireSecret(request, env().cronSecret);
}

function requireSecret(request: Request, secret: string | undefined): void {
  if (secret === undefined) throw nothingHere();
  if (!hasBearerToken(request.headers.get("authorization"), secret)) throw invalidKey();
}

function invalidKey(): DomainError {
  return new DomainError("unauthenticated", "invalid_key", "This key is not valid.");
}
