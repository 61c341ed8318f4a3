/** The subject of a request: the user whose data a route reads or changes, for sessions and for services. */
import type { z } from "zod";
import { DomainError } from "@/lib/core/domain-error";
import { parse } from "@/lib/core/parse";
import { identifier, userIdSchema } from "@/lib/core/text";
import type { CurrentUser } from "./identity";

/** A service as the actor of the audit log. */
export const SERVICE_ACTOR = "service_key";

export interface Subject {
  id: string;
  /** Of a session; null if a service names the user. */
  email: string | null;
  /** The service that acts for the user, and the person whom it names; null for the user's own session. */
  service: { actorId: string | null } | null;
}

/** The parameters that name the subject, beside those of the route. */
const NAMES = {
  userId: userIdSchema.optional(),
  /** The person for whom a service acts. */
  actorId: identifier().optional(),
};

/** The subject and the route's own input, from one body or query. `user` is null for a service. */
export function subjectAndInput<T extends z.ZodObject>(
  user: CurrentUser | null,
  schema: T,
  value: unknown,
): { subject: Subject; input: z.infer<T> } {
  const { userId, actorId, ...input } = parse(schema.extend(NAMES), value) as z.infer<T> & Names;
  return { subject: subjectOf(user, { userId, actorId }), input: input as unknown as z.infer<T> };
}

interface Names {
  userId?: string | undefined;
  actorId?: string | undefined;
}

/**
 * The parameters of an address.
 * @throws DomainError bad_input if a name of the subject is there twice: which of the two counts would be unclear
 */
export function parametersOf(request: Request): Record<string, string> {
  const { searchParams } = new URL(request.url);
  for (const name of Object.keys(NAMES))
    if (searchParams.getAll(name).length > 1)
      throw new DomainError("bad_input", "bad_input", `${name}: is there more than once`, { field: name });
  return Object.fromEntries(searchParams);
}

/**
 * A service names the user; a session acts for its own user.
 * @throws DomainError bad_input if a service names no user, forbidden if a session names another user
 */
function subjectOf(user: CurrentUser | null, { userId, actorId }: Names): Subject {
  if (user !== null) {
    for (const named of [userId, actorId])
      if (named !== undefined && named !== user.id)
        throw new DomainError("forbidden", "another_user", "A session can only use its own account.");
    return { id: user.id, email: user.email, service: null };
  }
  if (userId === undefined)
    throw new DomainError("bad_input", "bad_input", "userId: is needed with a service key", { field: "userId" });
  return { id: userId, email: null, service: { actorId: actorId ?? null } };
}
