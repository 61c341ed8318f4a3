import { paths } from "@/lib/config/current-catalog";

/**
 * The path to return to, on our own origin only, so that a link to our sign-in cannot redirect to another site.
 * Other text (`https://…`, `//host`, `/\host`, control characters) becomes the billing page.
 */
export function returnPath(next: string | string[] | null | undefined): string {
  if (typeof next !== "string" || !next.startsWith("/")) return paths().billing;
  const home = paths().billing;
  const here = "http://tollgate.invalid";
  try {
    const url = new URL(next, here);
    // The URL parser reads `/\host` and `/<tab>/host` as another origin.
    return url.origin === here && !url.pathname.startsWith("//") ? url.pathname + url.search : home;
  } catch {
    return home;
  }
}
