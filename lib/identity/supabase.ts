/**
 * Supabase Auth, by `@supabase/ssr` on the server only: no key, no token and no client reaches the browser's scripts.
 *
 * A session is read by `getClaims`, which verifies the token's signature with the project's public keys (fetched once);
 * only projects that still sign with HS256 are asked for every read.
 */
import { createServerClient } from "@supabase/ssr";
import type { JwtPayload, SupabaseClient } from "@supabase/supabase-js";
import { env } from "@/lib/env";
import { log } from "@/lib/observability";
import { cookieAttributes, cookieName } from "./cookie-attributes";
import { dedupedFetch } from "./deduped-fetch";
import type { Cookie, Identity, IdentityProvider } from "./identity";
import { bearerOf, requestCookies } from "./request-cookies";

export const supabase: IdentityProvider = {
  async userOf(headers, keep) {
    try {
      const client = serverClient(headers, keep);
      const { data } = await client.auth.getClaims(bearerOf(headers));
      return data ? identityOf(data.claims) : null;
    } catch (error) {
      log.warn({ error: String(error) }, "Supabase's session could not be read");
      return null;
    }
  },

  /** A page cannot set cookies: what must be renewed is renewed before it. */
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

/** The SDK's client for one request. Made anew each time: it keeps a session in memory. */
export function serverClient(
  headers: Headers,
  keep: (cookies: readonly Cookie[], headers: Record<string, string>) => void,
): SupabaseClient {
  const { url, publishableKey } = env().supabase;
  if (!url || !publishableKey) throw new Error("SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY are not set.");
  return createServerClient(url, publishableKey, {
    cookieOptions: { name: cookieName(`sb-${new URL(url).hostname.split(".")[0]}-auth-token`), ...cookieAttributes() },
    cookies: {
      getAll: () => requestCookies(headers),
      setAll: (list, more) => keep(list as Cookie[], more),
    },
    global: { fetch: dedupedFetch },
  });
}

/** `getClaims` verifies the signature and the expiry; whose token it is and for what is ours to check. */
function identityOf(claims: JwtPayload): Identity | null {
  const audiences = [claims.aud].flat();
  const ours = claims.iss === `${env().supabase.url}/auth/v1`;
  const forUsers = audiences.length > 0 && audiences.every((audience) => audience === "authenticated");
  const user = claims.role === "authenticated" && forUsers;
  // Tokens of older servers lack the claim: those servers had no anonymous users.
  const anonymous = (claims.is_anonymous ?? false) !== false;
  if (anonymous && !env().allowAnonymousUsers) return null;
  if (!ours || !user || typeof claims.sub !== "string" || claims.sub === "") return null;
  const { full_name, name } = (claims.user_metadata ?? {}) as Record<string, unknown>;
  return { id: claims.sub, email: textOrNull(claims.email), name: textOrNull(full_name) ?? textOrNull(name) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
