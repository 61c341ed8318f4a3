/**
 * Sends one request per refresh token.
 *
 * A refresh token is valid once. A page sends several requests with the same expired session. If each refreshed, Supabase
 * would answer all but the first with "already used", and the SDK would end the session. So requests of this process share
 * the response for a few seconds. Between processes Supabase's reuse interval (10 s) does the same.
 */
import { singleton } from "@/lib/core/singleton";

/** Supabase's reuse interval. */
const SHARED_MS = 10_000;

const refreshes = singleton("refreshes", () => new Map<string, Promise<Response>>());

/** `fetch` for the SDK: refreshes with the same token share one request, all other requests pass. */
export const dedupedFetch: typeof fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  if (!url.includes("grant_type=refresh_token") || typeof init?.body !== "string") return fetch(input, init);
  const token = init.body;
  let refresh = refreshes.get(token);
  if (refresh === undefined) {
    refresh = fetch(input, init);
    refreshes.set(token, refresh);
    const remove = () => refreshes.delete(token);
    // A failed refresh is not shared, so that the next request tries again.
    refresh.then((response) => (response.ok ? setTimeout(remove, SHARED_MS).unref() : remove()), remove);
  }
  return (await refresh).clone();
};
