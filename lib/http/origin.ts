import { env } from "@/lib/env";
import { HttpError } from "./http-error";

/**
 * Refuses a write that another site's page sent with our visitor's cookie. Browsers name the origin in every such
 * request; one without any is not a browser's and carries no cookie of its own accord.
 * @throws HttpError 403
 */
export function requireSameOrigin(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const foreign = origin !== null ? !ownOrigins(request).has(origin) : site === "cross-site" || site === "same-site";
  if (foreign) throw new HttpError(403, "foreign_origin", "This request came from another site.");
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

function ownOrigins(request: Request): Set<string> {
  const { appUrl } = env();
  const host = request.headers.get("host");
  const own = new Set(appUrl ? [new URL(appUrl).origin] : []);
  // The sandbox is reached by any name of this machine's own; a name that only resolves to it is a stranger's.
  if (env().sandbox && host !== null && LOOPBACK.test(host)) own.add(`http://${host}`);
  return own;
}
