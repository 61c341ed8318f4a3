/** Signing in, up and out where the sessions are ours to set: with Supabase Auth, and out with every provider. */

import { z } from "zod";
import { env } from "@/lib/env";
import { formOf, HttpError, json, parse, readForm, readJson, requireSameOrigin, seeOther } from "@/lib/http";
import { returnPath } from "@/lib/http/return-path";
import { countAttempt, countFailedSignIn, networkOf } from "@/lib/rate-limit";
import { line, secret } from "@/lib/text";
import { confirmationOf } from "./confirmation";
import type { Identity } from "./identity";
import { forgetProfile } from "./profile";

const email = z.email({ error: "is an e-mail address" }).max(254);
const password = secret({ error: "is missing, or longer than 1,000 characters" });
const signInRequest = z.strictObject({ email, password, next: line({ max: 2_000 }).optional() });
const signUpRequest = signInRequest.extend({ name: line({ min: 0, max: 200 }).optional() });

/**
 * With e-mail and password: 200 for JSON, 303 to the page asked for (or back, with the problem) from a form.
 * @throws HttpError 400, 401, 403, 404 where another provider is in charge, 503
 */
export function signIn(request: Request): Promise<Response> {
  return asked(request, signInRequest, "/sign-in", async (input) => {
    const { signInWithPassword } = await passwords();
    await countFailedSignIn(input.email, networkOf(request), () => signInWithPassword(request, input));
    return { signedIn: true };
  });
}

/** As `signIn`; where the project wants e-mail addresses confirmed, nobody is signed in yet. */
export function signUp(request: Request): Promise<Response> {
  return asked(request, signUpRequest, "/sign-up", async (input) => {
    await countAttempt("sign-up-network", networkOf(request));
    const { signedIn } = await (await passwords()).signUpWithPassword(request, input);
    return { signedIn };
  });
}

/** The link of an e-mail by GET: it changes nothing and leads to the page with the button. */
export async function showConfirmation(request: Request): Promise<Response> {
  await passwords();
  const { searchParams } = new URL(request.url);
  const known = LINK_PARAMETERS.flatMap((name) => searchParams.getAll(name).map((value) => [name, value]));
  return seeOther(`/confirm?${new URLSearchParams(known)}`);
}

const LINK_PARAMETERS = ["token_hash", "type", "code", "next"];

/**
 * Confirms the link of an e-mail by the form of our own page, and signs in.
 * @throws HttpError 400 for anything but a form, 403 from another site, 404 where another provider is in charge
 */
export async function confirm(request: Request): Promise<Response> {
  const { confirmEmail } = await passwords();
  requireSameOrigin(request);
  const form = await readForm(request);
  const confirmation = confirmationOf(Object.fromEntries(form));
  const confirmed = confirmation !== null && (await confirmEmail(request, confirmation));
  return seeOther(confirmed ? returnPath(form.get("next")) : "/sign-in?problem=link_expired");
}

/**
 * Ends the session, with each provider's own means. Clerk's ends in the browser, by Clerk's script.
 * @throws HttpError 403
 */
export async function signOut(request: Request): Promise<Response> {
  const { identity } = env();
  if (identity === "local") return (await localPart()).signOutLocally(request, "/");
  requireSameOrigin(request);
  if (identity === "clerk") return seeOther("/sign-out");
  await (await passwords()).endSession(request);
  return seeOther("/");
}

/**
 * Ends the session of a user who was just erased, as far as it can be done from here; gives the headers that do it.
 * Clerk's token goes by itself within a minute.
 */
export async function endSession(request: Request, user: Identity): Promise<Record<string, string>> {
  forgetProfile(user);
  const { identity } = env();
  if (identity === "local") return (await localPart()).endedLocalSession();
  if (identity === "supabase") await (await passwords()).endSession(request);
  return {};
}

/**
 * As anybody, with the sandbox's identity; `DELETE` ends it.
 * @throws HttpError 400, 403, 404 where another provider is in charge
 */
export async function signInLocally(request: Request): Promise<Response> {
  return (await localPart()).signInLocally(request);
}

export async function signOutLocally(request: Request): Promise<Response> {
  return (await localPart()).signOutLocally(request);
}

/** Each provider's part is loaded only when it is in charge. */
async function localPart() {
  if (env().identity !== "local") throw new HttpError(404, "not_found", "There is nothing here.");
  return import("./local-session");
}

async function passwords() {
  if (env().identity !== "supabase") throw new HttpError(404, "not_found", "There is nothing here.");
  return import("./supabase-session");
}

async function asked<T extends z.ZodObject>(
  request: Request,
  schema: T,
  page: `/${string}`,
  work: (input: z.infer<T>) => Promise<{ signedIn: boolean }>,
): Promise<Response> {
  await passwords();
  requireSameOrigin(request);
  const form = await formOf(request);
  if (form === null) return json(await work(await readJson(request, schema)));
  const next = returnPath(form.get("next"));
  const back = (key: string, value: string) => seeOther(`${page}?${new URLSearchParams({ next, [key]: value })}`);
  try {
    const { signedIn } = await work(parse(schema, Object.fromEntries(form)));
    return signedIn ? seeOther(next) : back("notice", "confirm_email");
  } catch (error) {
    if (error instanceof HttpError) return back("problem", error.reason);
    throw error;
  }
}
