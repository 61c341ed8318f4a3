import { DomainError } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";

/**
 * Refuses a write that another site's page sent with our visitor's cookie. Browsers send the origin with every such
 * request. A request without an origin is not from a browser, so it has no cookie that its sender did not choose.
 * @throws DomainError forbidden
 */
export function requireSameOrigin(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const foreign = origin !== null ? !ownOrigins(request).has(origin) : site === "cross-site" || site === "same-site";
  if (foreign) throw new DomainError("forbidden", "foreign_origin", "This request came from another site.");
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

function ownOrigins(request: Request): Set<string> {
  const { appUrl } = env();
  const host = request.headers.get("host");
  const own = new Set(appUrl ? [new URL(appUrl).origin] : []);
  // The sandbox accepts every loopback name of this machine. Another name can be an attacker's that resolves to it.
  if (env().sandbox && host !== null && LOOPBACK.test(host)) own.add(`http://${host}`);
  return own;
}
