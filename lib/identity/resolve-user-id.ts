import { DomainError } from "@/lib/core/domain-error";
import type { Caller } from "./identity";

/**
 * The user whose usage a call changes: a service names the user, a session acts for its own.
 * @throws DomainError bad_input if a service names no user, forbidden if a session names another user
 */
export function resolveUserId(caller: Caller, userId: string | undefined): string {
  if (caller.kind === "user") {
    if (userId !== undefined && userId !== caller.user.id) {
      throw new DomainError("forbidden", "another_user", "A session can only use its own account.");
    }
    return caller.user.id;
  }
  if (userId === undefined) {
    throw new DomainError("bad_input", "bad_input", "userId: is needed with a service key", { field: "userId" });
  }
  return userId;
}
