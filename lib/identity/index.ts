import { cookies, headers } from "next/headers";
import { after } from "next/server";
import { env } from "@/lib/env";
import { HttpError } from "@/lib/http/http-error";
import { requireSameOrigin } from "@/lib/http/origin";
import { enterRequest } from "@/lib/rate-limit";
import { bearerIs } from "./api-key";
import { usableIdentity } from "./claims";
import type { Caller, Cookie, CurrentUser } from "./identity";
import { rememberProfile } from "./profile";
import { provider } from "./provider";

export { type Confirmation, confirmationOf } from "./confirmation";
export type { Caller, CurrentUser, Identity } from "./identity";
export { handOff } from "./provider";
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
export { whom } from "./whom";

/** Who is signed in, in pages and routes; null for nobody. */
export async function currentUser(): Promise<CurrentUser | null> {
  const chosen = await provider();
  const jar = await cookies();
  const told = await chosen?.userOf(new Headers(await headers()), (renewed) => keepCookies(jar, renewed));
  const identity = usableIdentity(told);
  if (identity === null) return null;
  after(() => rememberProfile(identity));
  return { ...identity, admin: env().adminUserIds.includes(identity.id) };
}

/** A page cannot set cookies, and need not: proxy.ts has renewed what had to be. */
function keepCookies(jar: Awaited<ReturnType<typeof cookies>>, renewed: readonly Cookie[]): void {
  try {
    for (const { name, value, options } of renewed) jar.set(name, value, options);
  } catch {
    // In a page.
  }
}

/**
 * The signed-in user of a route. A write must come from our own pages. A few requests of a user run at once.
 * @throws HttpError 401, 403, 429
 */
export async function requireUser(request: Request): Promise<CurrentUser> {
  const user = await requireGateUser(request);
  await enterRequest(user.id);
  return user;
}

/**
 * As `requireUser`, for routes whose work the gate limits: no limit on requests at once, since an answer may stream.
 * @throws HttpError 401, 403
 */
export async function requireGateUser(request: Request): Promise<CurrentUser> {
  const user = await currentUser();
  if (user === null) throw new HttpError(401, "not_signed_in", "Please sign in first.");
  if (request.method !== "GET" && request.method !== "HEAD") requireSameOrigin(request);
  return user;
}

/**
 * A service with the usage key, or the signed-in user, by cookie or by the provider's token as the bearer.
 * @throws HttpError 401 (a wrong key is never taken for a session), 403
 */
export async function requireCaller(request: Request): Promise<Caller> {
  const authorization = request.headers.get("authorization");
  if (bearerIs(authorization, env().usageApiKey)) return { kind: "service" };
  if (authorization === null || JWT.test(authorization)) return { kind: "user", user: await requireGateUser(request) };
  throw new HttpError(401, "invalid_key", "This key is not valid.");
}

const JWT = /^Bearer eyJ[\w-]+\.[\w-]+\.[\w-]+$/i;

/**
 * A service with the usage key; a session is not enough.
 * @param why what a person with a session reads
 * @throws HttpError 401, 403
 */
export async function requireService(request: Request, why: string): Promise<void> {
  const caller = await requireCaller(request);
  if (caller.kind !== "service") throw new HttpError(403, "service_key_required", why);
}

/**
 * An admin; to everybody else there is nothing here.
 * @throws HttpError 401, 403, 404
 */
export async function requireAdmin(request: Request): Promise<CurrentUser> {
  const user = await requireUser(request);
  if (!user.admin) throw new HttpError(404, "not_found", "There is nothing here.");
  return user;
}

/**
 * Whoever reads the metrics, by METRICS_TOKEN; without one they are not reachable, but in the sandbox open to all: it
 * listens on loopback only.
 * @throws HttpError 401, 404
 */
export function requireMetricsReader(request: Request): void {
  const { metricsToken, sandbox } = env();
  if (metricsToken === undefined && sandbox) return;
  if (metricsToken === undefined) throw new HttpError(404, "not_found", "There is nothing here.");
  if (!bearerIs(request.headers.get("authorization"), metricsToken)) {
    throw new HttpError(401, "invalid_key", "This key is not valid.");
  }
}

/**
 * The host's cron, by CRON_SECRET; without one the jobs are not reachable.
 * @throws HttpError 401, 404
 */
export function requireCron(request: Request): void {
  const { cronSecret } = env();
  if (cronSecret === undefined) throw new HttpError(404, "not_found", "There is nothing here.");
  if (!bearerIs(request.headers.get("authorization"), cronSecret)) {
    throw new HttpError(401, "invalid_key", "This key is not valid.");
  }
}
