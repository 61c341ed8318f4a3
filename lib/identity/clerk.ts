/**
 * Clerk. Session tokens are verified by CLERK_JWT_KEY without any request to Clerk; without that key the SDK fetches
 * Clerk's keys and keeps them.
 */
import { type ClerkClient, createClerkClient } from "@clerk/backend";
import { env } from "@/lib/env";
import { log } from "@/lib/observability";
import type { Identity, IdentityProvider } from "./identity";

export const clerk: IdentityProvider = {
  async userOf(headers) {
    try {
      const state = await authenticate(new Request(appUrl(), { headers: readable(headers) }));
      const auth = state.toAuth();
      return auth?.userId ? identityOf(auth.userId, auth.sessionClaims) : null;
    } catch (error) {
      log.warn({ error: String(error) }, "Clerk's session could not be read");
      return null;
    }
  },

  /** A session token lives for a minute; when it has run out Clerk asks for a round trip that renews it. */
  async beforePage(request) {
    const { headers } = await authenticate(request);
    return headers.has("location")
      ? { kind: "answer", response: new Response(null, { status: 307, headers: { ...plain(headers), ...NO_STORE } }) }
      : null;
  },

  async profileOf(userId) {
    try {
      const user = await client().users.getUser(userId);
      return { email: user.primaryEmailAddress?.emailAddress ?? null, name: user.fullName };
    } catch (error) {
      log.warn({ userId, error: String(error) }, "Clerk did not tell a user's profile");
      return null;
    }
  },
};

const NO_STORE = { "cache-control": "private, no-store" };

let known: ClerkClient | undefined;

function client(): ClerkClient {
  known ??= createClerkClient({ ...env().clerk, telemetry: { disabled: true } });
  return known;
}

function authenticate(request: Request) {
  const { jwtKey } = env().clerk;
  // A token that Clerk made for another of its customer's apps is not for us.
  return client().authenticateRequest(request, { jwtKey, authorizedParties: [new URL(appUrl()).origin] });
}

function appUrl(): string {
  return env().appUrl ?? `http://localhost:${env().port}`;
}

/** Clerk's session token says e-mail and name where the instance's "Customize session token" adds them. */
function identityOf(id: string, claims: Record<string, unknown>): Identity {
  return { id, email: textOrNull(claims.email), name: textOrNull(claims.name) };
}

/** The SDK looks at `host` to find out where it is; we know. */
function readable(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of ["host", "x-forwarded-host", "x-forwarded-proto", "content-length"]) copy.delete(name);
  return copy;
}

function plain(headers: Headers): Record<string, string> {
  return Object.fromEntries(headers);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
