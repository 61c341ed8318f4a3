/** Signs in with Supabase Auth by password or confirmation, and sets the session's cookies on the response. */

import type { AuthError } from "@supabase/supabase-js";
import { cookies } from "next/headers";
import { paths } from "@/lib/config/current-catalog";
import { DomainError, type Problem } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import type { Confirmation } from "./confirmation";
import { serverClient } from "./supabase";

interface Credentials {
  email: string;
  password: string;
}

/** @throws DomainError unauthenticated for a wrong password, forbidden, too_many, unavailable, bad_input */
export async function signInWithPassword(request: Request, { email, password }: Credentials): Promise<void> {
  const { error } = await (await client(request)).auth.signInWithPassword({ email, password });
  if (error) throw signInError(error);
}

/** The response is the same for an address with an account, so that a visitor cannot find out which addresses have one. */
export async function signUpWithPassword(
  request: Request,
  { email, password, name, next }: Credentials & { name?: string | undefined; next?: string | undefined },
): Promise<{ signedIn: boolean }> {
  const { data, error } = await (await client(request)).auth.signUp({
    email,
    password,
    options: {
      data: name ? { full_name: name } : {},
      emailRedirectTo: `${env().appUrl}${paths().api}/auth/confirm?${new URLSearchParams({ next: next ?? paths().home })}`,
    },
  });
  if (error?.code === "user_already_exists" || error?.code === "email_exists") return { signedIn: false };
  if (error) throw signInError(error);
  return { signedIn: data.session !== null };
}

/** Ends this session only. An ended session is not an error. */
export async function endSession(request: Request): Promise<void> {
  await (await client(request)).auth.signOut({ scope: "local" });
}

/** Signs in by an e-mail's link; false if the link was used before, has expired or is unknown. */
export async function confirmEmail(request: Request, confirmation: Confirmation): Promise<boolean> {
  const { auth } = await client(request);
  const { error } =
    "code" in confirmation ? await auth.exchangeCodeForSession(confirmation.code) : await auth.verifyOtp(confirmation);
  return error === null;
}

async function client(request: Request) {
  const jar = await cookies();
  return serverClient(request.headers, (renewed) => {
    for (const { name, value, options } of renewed) jar.set(name, value, options);
  });
}

/** Our messages for the codes that a user can act on. */
const REFUSALS: Readonly<Record<string, [problem: Problem, message: string]>> = {
  invalid_credentials: ["unauthenticated", "E-mail or password is wrong."],
  email_not_confirmed: ["unauthenticated", "Please confirm your e-mail address first: the link is in your inbox."],
  user_banned: ["forbidden", "This account is closed."],
  weak_password: ["bad_input", "Please choose a stronger password."],
  signup_disabled: ["forbidden", "New accounts cannot be created here."],
  over_request_rate_limit: ["too_many", "Too many attempts. Please wait a moment."],
  over_email_send_rate_limit: ["too_many", "Too many e-mails. Please wait a moment."],
};

function signInError(error: AuthError): DomainError {
  const known = REFUSALS[error.code ?? ""];
  if (known) return new DomainError(known[0], error.code ?? "refused", known[1]);
  if (!error.status || error.status >= 500)
    return new DomainError(
      "unavailable",
      "unavailable",
      "Signing in does not work right now. Please try again in a moment.",
    );
  return new DomainError("bad_input", "refused", "This did not work. Please check what you typed.");
}
