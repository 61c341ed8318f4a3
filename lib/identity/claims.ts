/** Parses the claims of a provider's token, which are text from outside. */
import { z } from "zod";
import { log } from "@/lib/core/observability";
import { line, userIdSchema } from "@/lib/core/text";
import type { Identity } from "./identity";

const optional = (max: number) => line({ max }).nullable().catch(null);
const claims = z.object({
  id: userIdSchema,
  email: optional(254),
  name: optional(200),
  admin: z.boolean().default(false),
});

/** The identity without an unusable e-mail address or name; null if the id is not a valid user id. */
export function usableIdentity(identity: Identity | null | undefined): Required<Identity> | null {
  if (!identity) return null;
  const { success, data } = claims.safeParse(identity);
  if (success) return data;
  log.warn("Refused a session: its user id is not usable text");
  return null;
}
