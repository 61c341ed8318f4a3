/** The page after sign-in if the request names none. */
export const HOME = "/billing";

/**
 * The path to return to, on our own origin only, so that a link to our sign-in cannot redirect to another site.
 * Other text (`https://…`, `//host`, `/\host`, control characters) becomes HOME.
 */
export function returnPath(next: string | string[] | null | undefined): string {
  if (typeof next !== "string" || !next.startsWith("/")) return HOME;
  const here = "http://tollgate.invalid";
  try {
    const url = new URL(next, here);
    // The URL parser reads `/\host` and `/<tab>/host` as another origin.
    return url.origin === here && !url.pathname.startsWith("//") ? url.pathname + url.search : HOME;
  } catch {
    return HOME;
  }
}
