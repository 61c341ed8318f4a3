import { env } from "@/lib/env";

/** What our own session cookies carry. */
export function cookieAttributes(): { httpOnly: true; sameSite: "lax"; secure: boolean; path: "/" } {
  return { httpOnly: true, sameSite: "lax", secure: isSecure(), path: "/" };
}

/**
 * A cookie's name as the address allows it: over https with `__Host-`, so that no other host of the domain can set it.
 */
export function cookieName(name: string): string {
  return isSecure() ? `__Host-${name}` : name;
}

function isSecure(): boolean {
  return env().appUrl?.startsWith("https:") ?? false;
}
