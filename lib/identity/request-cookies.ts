/** The cookies of a request, in order. */
export function requestCookies(headers: Headers): { name: string; value: string }[] {
  return (headers.get("cookie") ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.includes("="))
    .map((pair) => ({ name: pair.slice(0, pair.indexOf("=")), value: decoded(pair.slice(pair.indexOf("=") + 1)) }));
}

/** The token of `Authorization: Bearer …`. */
export function bearerOf(headers: Headers): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
