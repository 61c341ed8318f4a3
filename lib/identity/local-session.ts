/** Signs in and out with the sandbox's identity, by JSON or by a plain form. */

import { stringifySetCookie } from "cookie";
import { z } from "zod";
import { paths } from "@/lib/config/current-catalog";
import { parse } from "@/lib/core/parse";
import { userIdSchema } from "@/lib/core/text";
import { gateway } from "@/lib/database";
import { formOf, json, readJson, requireSameOrigin, seeOther } from "@/lib/http";
import { returnPath } from "@/lib/http/return-path";
import { cookieAttributes } from "./cookie-attributes";
import { demoUser } from "./demo";
import { LOCAL_SESSION_SECONDS, localCookie, signLocalSession } from "./local";

const credentials = z.strictObject({ userId: userIdSchema });

/**
 * Sets the session cookie: 200 for JSON, 303 to the requested page for a form. A form with `_method=DELETE` signs out.
 * @throws DomainError bad_input, forbidden
 */
export async function signInLocally(request: Request): Promise<Response> {
  requireSameOrigin(request);
  const form = await formOf(request);
  if (form?.get("_method") === "DELETE") return signOutLocally(request, paths().home);
  const { userId } = form
    ? parse(credentials, { userId: form.get("userId")?.trim() })
    : await readJson(request, credentials);
  const known = demoUser(userId);
  const user = await gateway().ensureUser(userId, known?.email ?? null, known?.name ?? null);
  const token = await signLocalSession({ id: userId, email: user.email, name: user.name });
  const cookie = cookieHeader(token, LOCAL_SESSION_SECONDS);
  return form ? seeOther(returnPath(form.get("next") ?? undefined), cookie) : json({ userId }, 200, cookie);
}

/** Ends the session. */
export function signOutLocally(request: Request, location?: string): Response {
  requireSameOrigin(request);
  const cookie = endedLocalSession();
  return location ? seeOther(location, cookie) : json({ signedOut: true }, 200, cookie);
}

/** The header that deletes the cookie. */
export function endedLocalSession(): Record<string, string> {
  return cookieHeader("", 0);
}

function cookieHeader(value: string, maxAge: number): Record<string, string> {
  return { "set-cookie": stringifySetCookie({ name: localCookie(), value, maxAge, ...cookieAttributes() }) };
}
