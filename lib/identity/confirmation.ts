/** The link in an e-mail of Supabase Auth. A GET of the link changes nothing; the form on its page confirms it. */
import type { EmailOtpType } from "@supabase/supabase-js";
import { z } from "zod";

const OTP_TYPES = [
  "signup",
  "email",
  "invite",
  "magiclink",
  "recovery",
  "email_change",
] as const satisfies readonly EmailOtpType[];

const value = z.string().min(1).max(2_000);

/** By the e-mail's `token_hash`, or by the `code` of a link that Supabase's own page has confirmed. */
const confirmationSchema = z.union([
  z.object({ token_hash: value, type: z.enum(OTP_TYPES) }),
  z.object({ code: value }),
]);

export type Confirmation = z.infer<typeof confirmationSchema>;

/** The confirmation that a query or a form names; null if it is incomplete. */
export function confirmationOf(fields: Readonly<Record<string, unknown>>): Confirmation | null {
  return confirmationSchema.safeParse(fields).data ?? null;
}
