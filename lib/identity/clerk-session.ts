/**
 * Checks that a Clerk token is a session of this installation. The SDK checks the signature, the times and `azp`, but not
 * `iss`, `aud` and `sid`. Therefore it accepts tokens of another instance with the same key, and tokens of JWT templates.
 */
import { z } from "zod";
import { secret } from "@/lib/core/text";

const sessionClaims = z.object({
  iss: secret(),
  /** Clerk puts the session id into each session token, and into no token of a JWT template. */
  sid: secret(),
  aud: z.union([secret(), z.array(secret())]).optional(),
});

interface Expected {
  publishableKey: string | undefined;
  /** Our own origin, the only audience that a session may name. */
  origin: string;
}

/** Whether verified claims belong to a session of our Clerk instance for our own origin. */
export function isOwnSession(claims: unknown, { publishableKey, origin }: Expected): boolean {
  const parsed = sessionClaims.safeParse(claims);
  if (!parsed.success) return false;
  const { iss, aud = [] } = parsed.data;
  return iss === issuerOf(publishableKey) && [aud].flat().every((audience) => audience === origin);
}

/** The instance's address: the publishable key is `pk_test_` or `pk_live_`, then base64 of the host and `$`. */
export function issuerOf(publishableKey: string | undefined): string | null {
  const encoded = /^pk_(?:test|live)_(.+)$/.exec(publishableKey ?? "")?.[1];
  const host = encoded && /^([\w.-]+)\$$/.exec(Buffer.from(encoded, "base64").toString("utf8"))?.[1];
  return host ? `https://${host}` : null;
}
