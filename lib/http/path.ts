/** Refuses paths that no route can read. Next would respond with 500, without our headers and a log line. */
import { paths } from "@/lib/config/current-catalog";
import { inRequest, log } from "@/lib/core/observability";
import { identifier } from "@/lib/core/text";

const segment = identifier({ max: 2_000 });

/** Whether each decoded segment of the path is UTF-8, on one line and without control characters. */
export function isReadablePath(pathname: string): boolean {
  return pathname.split("/").every((each) => each === "" || segment.safeParse(decoded(each)).success);
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** 400 for an unreadable path, as JSON below the path of the routes. */
export function refusePath({ headers, method }: Request, pathname: string): Response {
  return inRequest(headers.get("x-request-id"), (requestId) => {
    log.info({ method, path: pathname.slice(0, 200) }, "Refused an unreadable path");
    const responseHeaders = { "cache-control": "private, no-store", "x-request-id": requestId };
    const error = "This address cannot be read.";
    return pathname.startsWith(`${paths().api}/`)
      ? Response.json({ error, reason: "unreadable_path" }, { status: 400, headers: responseHeaders })
      : new Response(error, { status: 400, headers: responseHeaders });
  });
}
