import { parseCookie } from "cookie";

/** The cookies of a request. Of two with one name the first counts: browsers send the one of the closest path first. */
export function requestCookies(headers: Headers): { name: string; value: string }[] {
  const cookies = parseCookie(headers.get("cookie") ?? "");
  return Object.entries(cookies).map(([name, value = ""]) => ({ name, value }));
}

/** The token of `Authorization: Bearer …`. */
export function bearerOf(headers: Headers): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}
