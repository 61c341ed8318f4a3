import { HttpError } from "@/lib/http/http-error";
import type { Caller } from "./identity";

/**
 * Whose usage a call is about: a service says, a session is about itself.
 * @throws HttpError 400 where a service does not say, 403 where a session names somebody else
 */
export function resolveUserId(caller: Caller, userId: string | undefined): string {
  if (caller.kind === "user") {
    if (userId !== undefined && userId !== caller.user.id) {
      throw new HttpError(403, "another_user", "A session can only use its own account.");
    }
    return caller.user.id;
  }
  if (userId === undefined) {
    throw new HttpError(400, "bad_input", "userId: is needed with a service key", { field: "userId" });
  }
  return userId;
}
