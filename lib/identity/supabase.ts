/**
 * Identity by Supabase Auth, with `@supabase/ssr` on the server only: browser scripts get no key, token or client.
 *
 * `getClaims` verifies the token's signature with the project's public keys, which it fetches once. If a project still signs
 * with HS256, each read calls Supabase.
 */
import { createServerClient } from "@supabase/ssr";
import type { JwtPayload, SupabaseClient } from "@supabase/supabase-js";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { cookieAttributes, cookieName } from "./cookie-attributes";
import { dedupedFetch } from "./deduped-fetch";
import type { Cookie, Identity, IdentityProvider } from "./identity";
import { bearerOf, requestCookies } from "./request-cookies";

export const supabase: IdentityProvider = {
  async userOf(headers, setCookies) {
    try {
      const client = serverClient(headers, setCookies);
      const { data } = await client.auth.getClaims(bearerOf(headers));
      return data ? identityOf(data.claims) : null;
    } catch (error) {
      log.warn({ error: String(error) }, "Reading a Supabase session failed");
      return null;
    }
  },

  /** A page cannot set cookies, so the session is renewed before it. */
  async beforePage(request) {
    const renewed: Cookie[] = [];
    const headers: Record<string, string> = {};
    const client = serverClient(request.headers, (cookies, more) => {
      renewed.push(...cookies);
      Object.assign(headers, more);
    });
    await client.auth.getClaims().catch(() => null);
    if (renewed.length === 0) return null;
    return { kind: "renewed", cookies: renewed, headers: { ...headers, "cache-control": "private, no-store" } };
  },
};

/** The SDK's client for one request. It must not be shared: it stores a session in memory. */
export function serverClient(
  headers: Headers,
  setCookies: (cookies: readonly Cookie[], headers: Record<string, string>) => void,
): SupabaseClient {
  const { url, publishableKey } = env().supabase;
  if (!url || !publishableKey) throw new Error("SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY are not set.");
  return createServerClient(url, publishableKey, {
    cookieOptions: { name: cookieName(`sb-${new URL(url).hostname.split(".")[0]}-auth-token`), ...cookieAttributes() },
    cookies: {
      getAll: () => requestCookies(headers),
      setAll: (list, more) => setCookies(list as Cookie[], more),
    },
    global: { fetch: dedupedFetch },
  });
}

/** `getClaims` verifies only the signature and the expiry, so issuer, audience and role are checked here. */
function identityOf(claims: JwtPayload): Identity | null {
  const audiences = [claims.aud].flat();
  const ours = claims.iss === `${env().supabase.url}/auth/v1`;
  const forUsers = audiences.length > 0 && audiences.every((audience) => audience === "authenticated");
  const user = claims.role === "authenticated" && forUsers;
  // Tokens of older servers lack the claim; those servers had no anonymous users.
  const anonymous = (claims.is_anonymous ?? false) !== false;
  if (anonymous && !env().allowAnonymousUsers) return null;
  if (!ours || !user || typeof claims.sub !== "string" || claims.sub === "") return null;
  const { full_name, name } = (claims.user_metadata ?? {}) as Record<string, unknown>;
  return { id: claims.sub, email: textOrNull(claims.email), name: textOrNull(full_name) ?? textOrNull(name) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
