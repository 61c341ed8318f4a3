/**
 * Runs before every page: sets the content security policy with its nonce, and lets the identity provider renew a session.
 * Pages and routes decide about access, not this file. Of the API it handles only paths that
 * cannot be decoded: Next would answer them with a 500.
 */
import { type NextRequest, NextResponse } from "next/server";
import { paths } from "@/lib/config/current-catalog";
import { contentSecurityPolicy, isReadablePath, refusePath } from "@/lib/http";
import { beforePage } from "@/lib/identity";

/** Next's page for render errors. A request for its path would get a 500. */
const ERROR_PAGE = "/_global-error";

export async function proxy(request: NextRequest): Promise<Response> {
  const { pathname } = request.nextUrl;
  const readable = isReadablePath(pathname);
  if (pathname.startsWith(`${paths().api}/`)) return readable ? NextResponse.next() : refusePath(request, pathname);
  const policy = contentSecurityPolicy(Buffer.from(crypto.randomUUID()).toString("base64"));
  if (!readable) {
    const refusal = refusePath(request, pathname);
    refusal.headers.set("content-security-policy", policy);
    return refusal;
  }
  if (pathname === ERROR_PAGE)
    return new Response("There is nothing here.", { status: 404, headers: { "content-security-policy": policy } });
  const prepared = await beforePage(request);
  if (prepared?.kind === "answer") return prepared.response;
  for (const { name, value } of prepared?.cookies ?? []) {
    if (value === "") request.cookies.delete(name);
    else request.cookies.set(name, value);
  }
  const headers = new Headers(request.headers);
  // Next reads the nonce from the request's policy and adds it to its own scripts.
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  for (const { name, value, options } of prepared?.cookies ?? []) response.cookies.set(name, value, options);
  for (const [name, value] of Object.entries(prepared?.headers ?? {})) response.headers.set(name, value);
  return response;
}
