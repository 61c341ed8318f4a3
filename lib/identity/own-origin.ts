import { env } from "@/lib/core/env";

/** Our own origin by the configuration, never by a request's headers, which a visitor can write. */
export function ownOrigin(): string {
  return new URL(env().appUrl ?? `http://localhost:${env().port}`).origin;
}

/** A path with its query at our own origin. A path such as `//evil.example` becomes no host. */
export function ownUrl(path: string): URL {
  const url = new URL(ownOrigin());
  const queryStart = path.indexOf("?");
  url.pathname = queryStart < 0 ? path : path.slice(0, queryStart);
  url.search = queryStart < 0 ? "" : path.slice(queryStart);
  return url;
}
