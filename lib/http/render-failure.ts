/** Sets the status of pages and server actions that throw, as respond.ts does for routes. Next sends 500 for all. */

import { log } from "@/lib/core/observability";
import { DatabaseError } from "@/lib/database/errors";
import { setFailureStatus } from "./running-response";

/** Node's message for a form without script. Next does not report the action for it. */
const UNREADABLE_FORM = "Failed to parse body as FormData";

/**
 * Called by Next for each error, before it sends the status.
 * @param inAction whether a server action's request failed
 * @param entered whether our code has run for a user; before that an action can only fail on an unreadable body
 */
export function setRenderFailureStatus(
  error: unknown,
  { inAction, entered }: { inAction: boolean; entered: boolean },
): void {
  if (error instanceof DatabaseError && error.problem === "unavailable") {
    log.warn({ error: error.message, code: error.code }, "The database did not respond to a page in time");
    setFailureStatus("unavailable");
  } else if (!entered && (inAction || (error instanceof Error && error.message.startsWith(UNREADABLE_FORM)))) {
    log.info({ error: String(error) }, "Refused an unreadable server action");
    setFailureStatus("bad_input");
  }
}
