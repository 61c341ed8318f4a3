import { env } from "@/lib/core/env";

/** The attributes of our session cookies. */
export function cookieAttributes(): { httpOnly: true; sameSite: "lax"; secure: boolean; path: "/" } {
  return { httpOnly: true, sameSite: "lax", secure: isSecure(), path: "/" };
}

/** The cookie's name. Over https it has the prefix `__Host-`, so that other hosts of the domain cannot set it. */
export function cookieName(name: string): string {
  return isSecure() ? `__Host-${name}` : name;
}

function isSecure(): boolean {
  return env().appUrl?.startsWith("https:") ?? false;
}
