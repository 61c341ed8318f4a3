/**
 * One refresh for all who ask at once.
 *
 * A refresh token is good for one use. A page that opens makes several requests with the same expired session; each
 * would refresh, all but the first would be told "already used", and the SDK would then end the session. So the answer
 * to a refresh token is shared by all who ask within a few seconds, in this process; between processes Supabase's own
 * reuse interval (10 s) does the same.
 */

/** As Supabase's reuse interval. */
const SHARED_MS = 10_000;

/** Beside the modules: proxy and routes have each their own copy of them in one process. */
const kept = globalThis as typeof globalThis & { tollgateRefreshes?: Map<string, Promise<Response>> };

/** `fetch` for the SDK: refreshes with the same token are one request, everything else passes. */
export const onceEach: typeof fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  if (!url.includes("grant_type=refresh_token") || typeof init?.body !== "string") return fetch(input, init);
  kept.tollgateRefreshes ??= new Map();
  const { tollgateRefreshes: refreshes } = kept;
  const token = init.body;
  let answer = refreshes.get(token);
  if (answer === undefined) {
    answer = fetch(input, init);
    refreshes.set(token, answer);
    const forget = () => refreshes.delete(token);
    // Only an answer is shared: what failed is tried again by the next.
    answer.then((response) => (response.ok ? setTimeout(forget, SHARED_MS).unref() : forget()), forget);
  }
  return (await answer).clone();
};
