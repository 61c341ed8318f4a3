/** The confirmation link of a Supabase Auth e-mail. A GET changes nothing; the form on its page confirms. */
import type { EmailOtpType } from "@supabase/supabase-js";
import { z } from "zod";
import { secret } from "@/lib/core/text";

const OTP_TYPES = [
  "signup",
  "email",
  "invite",
  "magiclink",
  "recovery",
  "email_change",
] as const satisfies readonly EmailOtpType[];

const value = secret({ max: 2_000 });

/** The e-mail's `token_hash`, or the `code` of a link that Supabase's own page has confirmed. */
const confirmationSchema = z.union([
  z.object({ token_hash: value, type: z.enum(OTP_TYPES) }),
  z.object({ code: value }),
]);

export type Confirmation = z.infer<typeof confirmationSchema>;

/** The confirmation in a query or a form; null if it is incomplete. */
export function confirmationOf(fields: Readonly<Record<string, unknown>>): Confirmation | null {
  return confirmationSchema.safeParse(fields).data ?? null;
}
