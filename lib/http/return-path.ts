/** Where to go after sign-in when nobody said. */
export const HOME = "/billing";

/**
 * The path to return to, made safe: same origin only, so that a link to our sign-in cannot send people elsewhere.
 * Anything else (`https://…`, `//host`, `/\host`, control characters) becomes HOME.
 */
export function returnPath(next: string | string[] | null | undefined): string {
  if (typeof next !== "string" || !next.startsWith("/")) return HOME;
  const here = "http://tollgate.invalid";
  try {
    const url = new URL(next, here);
    // The parser itself turns `/\host` and `/<tab>/host` into another origin.
    return url.origin === here && !url.pathname.startsWith("//") ? url.pathname + url.search : HOME;
  } catch {
    return HOME;
  }
}
