/** Gives pages and server actions that throw the statuses that routes have (respond.ts). Next answers each with 500. */
import { DatabaseError } from "@/lib/database/errors";
import { log } from "@/lib/observability";
import { answerFailureAs } from "./running-response";

const RETRY_AFTER_SECONDS = "2";
/** Of Node, for a form without script; Next does not name the action then. */
const UNREADABLE_FORM = "Failed to parse body as FormData";

/**
 * Called by Next for each error, before it sends the answer's status.
 * @param inAction whether a server action's request failed
 * @param entered whether our code has begun to work for a user; before that an action fails on its unreadable body alone
 */
export function answerRenderFailure(
  error: unknown,
  { inAction, entered }: { inAction: boolean; entered: boolean },
): void {
  if (error instanceof DatabaseError && error.problem === "unavailable") {
    log.warn({ error: error.message, code: error.code }, "The database did not give a page its data in time");
    answerFailureAs(503, { "retry-after": RETRY_AFTER_SECONDS });
  } else if (!entered && (inAction || (error instanceof Error && error.message.startsWith(UNREADABLE_FORM)))) {
    log.info({ error: String(error) }, "Refused an unreadable server action");
    answerFailureAs(400);
  }
}
