/**
 * Identity by Clerk. CLERK_JWT_KEY verifies session tokens without a request to Clerk. Without it the SDK fetches and
 * caches Clerk's keys.
 */
import { type ClerkClient, createClerkClient } from "@clerk/backend";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { isOwnSession, issuerOf } from "./clerk-session";
import type { Identity, IdentityProvider } from "./identity";
import { ownOrigin, ownUrl } from "./own-origin";

export const clerk: IdentityProvider = {
  async userOf(headers) {
    try {
      const auth = (await authenticate(ownRequest("/", headers))).toAuth();
      if (!auth?.userId) return null;
      const { publishableKey } = env().clerk;
      if (!isOwnSession(auth.sessionClaims, { publishableKey, origin: ownOrigin() })) {
        log.warn(
          { issuer: auth.sessionClaims.iss },
          "Refused a Clerk token that is not a session of this installation",
        );
        return null;
      }
      return identityOf(auth.userId, auth.sessionClaims);
    } catch (error) {
      log.warn({ error: String(error) }, "Reading a Clerk session failed");
      return null;
    }
  },

  /** A session token is valid for a minute. After that Clerk redirects to its own site, which renews it. */
  async beforePage(request) {
    const { pathname, search } = new URL(request.url);
    const { headers } = await authenticate(ownRequest(pathname + search, request.headers, request.method));
    const location = headers.get("location");
    if (location === null) return null;
    // On a development instance the SDK redirects to any address that the query names.
    if (!isKnownAddress(location)) {
      log.warn({ origin: originOf(location) }, "Ignored Clerk's redirect to a foreign address");
      return null;
    }
    const redirect = new Headers(headers);
    redirect.set("cache-control", "private, no-store");
    return { kind: "answer", response: new Response(null, { status: 307, headers: redirect }) };
  },

  async profileOf(userId) {
    try {
      const user = await client().users.getUser(userId);
      return { email: user.primaryEmailAddress?.emailAddress ?? null, name: user.fullName };
    } catch (error) {
      log.warn({ userId, error: String(error) }, "Reading a user's profile from Clerk failed");
      return null;
    }
  },
};

let cachedClient: ClerkClient | undefined;

function client(): ClerkClient {
  cachedClient ??= createClerkClient({ ...configured(env().clerk), telemetry: { disabled: true } });
  return cachedClient;
}

function authenticate(request: Request) {
  const { jwtKey } = env().clerk;
  // Clerk also issues tokens for the other apps of the same account.
  return client().authenticateRequest(request, { ...configured({ jwtKey }), authorizedParties: [ownOrigin()] });
}

/** Only the settings that have a value: for the SDK an undefined setting differs from an absent one. */
function configured<T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** A session token has e-mail and name only if the instance's "Customize session token" adds them. */
function identityOf(id: string, claims: Record<string, unknown>): Identity {
  return { id, email: textOrNull(claims.email), name: textOrNull(claims.name) };
}

/**
 * The request for the SDK: at our own origin, without the headers from which the SDK would derive another origin. A visitor
 * can write those headers.
 */
function ownRequest(path: string, headers: Headers, method = "GET"): Request {
  const own = new Headers(headers);
  for (const name of [...own.keys()])
    if (/^(host|content-length|forwarded|x-forwarded-.+|cloudfront-forwarded-.+)$/.test(name)) own.delete(name);
  return new Request(ownUrl(path), { method, headers: own });
}

/** Our own origin, or the Clerk instance. */
function isKnownAddress(location: string): boolean {
  const origin = originOf(location);
  return origin !== null && (origin === ownOrigin() || origin === issuerOf(env().clerk.publishableKey));
}

function originOf(location: string): string | null {
  return URL.canParse(location, ownOrigin()) ? new URL(location, ownOrigin()).origin : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
