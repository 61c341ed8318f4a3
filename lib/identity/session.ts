/** Signs in and up with Supabase Auth, and out with every provider. */

import { z } from "zod";
import { paths } from "@/lib/config/current-catalog";
import { DomainError, nothingHere } from "@/lib/core/domain-error";
import { parse } from "@/lib/core/parse";
import { line, secret } from "@/lib/core/text";
import { formOf, json, readForm, readJson, requireSameOrigin, seeOther } from "@/lib/http";
import { returnPath } from "@/lib/http/return-path";
import { clientNetwork, countAttempt, countFailedSignIn } from "@/lib/rate-limit";
import { confirmationOf } from "./confirmation";
import type { Identity } from "./identity";
import { identityKind } from "./kind";
import { forgetProfile } from "./profile";

const email = z.email({ error: "is an e-mail address" }).max(254);
const password = secret({ error: "is missing, or longer than 1,000 characters" });
const signInRequest = z.strictObject({ email, password, next: line({ max: 2_000 }).optional() });
const signUpRequest = signInRequest.extend({ name: line({ min: 0, max: 200 }).optional() });

/**
 * Signs in with e-mail and password: 200 for JSON. For a form, 303 to the requested page, or back with the problem.
 * @throws DomainError bad_input, unauthenticated, forbidden, not_found if another provider is configured, unavailable
 */
export function signIn(request: Request): Promise<Response> {
  return handleCredentials(request, signInRequest, paths().signIn, async (input) => {
    const { signInWithPassword } = await supabaseSession();
    await countFailedSignIn(input.email, clientNetwork(request), () => signInWithPassword(request, input));
    return { signedIn: true };
  });
}

/** Creates an account, and signs in unless the project requires a confirmed e-mail address. Responses as in `signIn`. */
export function signUp(request: Request): Promise<Response> {
  return handleCredentials(request, signUpRequest, paths().signUp, async (input) => {
    await countAttempt("sign-up-network", clientNetwork(request));
    const { signedIn } = await (await supabaseSession()).signUpWithPassword(request, input);
    return { signedIn };
  });
}

/** Responds to a GET of the e-mail's link: it changes nothing and redirects to the page with the button. */
export async function showConfirmation(request: Request): Promise<Response> {
  await supabaseSession();
  const { searchParams } = new URL(request.url);
  const parameters = LINK_PARAMETERS.flatMap((name) => searchParams.getAll(name).map((value) => [name, value]));
  return seeOther(`${paths().confirm}?${new URLSearchParams(parameters)}`);
}

const LINK_PARAMETERS = ["token_hash", "type", "code", "next"];

/**
 * Confirms the e-mail's link by the form of our own page, and signs in.
 * @throws DomainError bad_input if the body is not a form, forbidden from another site, not_found if another provider is
 *   configured
 */
export async function confirm(request: Request): Promise<Response> {
  const { confirmEmail } = await supabaseSession();
  requireSameOrigin(request);
  const form = await readForm(request);
  const confirmation = confirmationOf(Object.fromEntries(form));
  const confirmed = confirmation !== null && (await confirmEmail(request, confirmation));
  return seeOther(confirmed ? returnPath(form.get("next")) : `${paths().signIn}?problem=link_expired`);
}

/**
 * Ends the session. A Clerk session ends in the browser, by Clerk's script.
 * @throws DomainError forbidden, not_found if the config's own function identifies users
 */
export async function signOut(request: Request): Promise<Response> {
  const identity = identityKind();
  if (identity === "local") return (await localSession()).signOutLocally(request, paths().home);
  requireSameOrigin(request);
  if (identity === "clerk") return seeOther(paths().signOut);
  await (await supabaseSession()).endSession(request);
  return seeOther(paths().home);
}

/**
 * Ends the session of a user who was just erased, and returns the headers that delete its cookies. The server cannot end a
 * Clerk session; its token expires within a minute.
 */
export async function endSession(request: Request, user: Identity): Promise<Record<string, string>> {
  forgetProfile(user);
  const identity = identityKind();
  if (identity === "local") return (await localSession()).endedLocalSession();
  if (identity === "supabase") await (await supabaseSession()).endSession(request);
  return {};
}

/**
 * Signs in as any user with the sandbox's identity.
 * @throws DomainError bad_input, forbidden, not_found if another provider is configured
 */
export async function signInLocally(request: Request): Promise<Response> {
  return (await localSession()).signInLocally(request);
}

/** @throws DomainError forbidden, not_found if another provider is configured */
export async function signOutLocally(request: Request): Promise<Response> {
  return (await localSession()).signOutLocally(request);
}

/** Each provider's code is loaded only if it is configured. */
async function localSession() {
  if (identityKind() !== "local") throw nothingHere();
  return import("./local-session");
}

async function supabaseSession() {
  if (identityKind() !== "supabase") throw nothingHere();
  return import("./supabase-session");
}

async function handleCredentials<T extends z.ZodObject>(
  request: Request,
  schema: T,
  page: `/${string}`,
  work: (input: z.infer<T>) => Promise<{ signedIn: boolean }>,
): Promise<Response> {
  await supabaseSession();
  requireSameOrigin(request);
  const form = await formOf(request);
  if (form === null) return json(await work(await readJson(request, schema)));
  const next = returnPath(form.get("next"));
  const back = (key: string, value: string) => seeOther(`${page}?${new URLSearchParams({ next, [key]: value })}`);
  try {
    const { signedIn } = await work(parse(schema, Object.fromEntries(form)));
    return signedIn ? seeOther(next) : back("notice", "confirm_email");
  } catch (error) {
    if (error instanceof DomainError) return back("problem", error.reason);
    throw error;
  }
}
