/** Plain HTML forms beside JSON: signing in and out works without script. */
import { HttpError, readBody } from "@/lib/http";

/**
 * The fields of a form, or null where the body is none.
 * @throws HttpError 413
 */
export async function formOf(request: Request): Promise<URLSearchParams | null> {
  if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) return null;
  const raw = await readBody(request);
  if (raw === null) throw new HttpError(413, "too_large", "The body is larger than 1 MiB.");
  return new URLSearchParams(new TextDecoder().decode(raw));
}

/** To a page, after a form. */
export function redirect(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location, "cache-control": "private, no-store", ...headers } });
}
