/**
 * Replaces the method TRACE. Node accepts it, but no `Request` can have it, so Next answers 500 without our headers. UNLOCK
 * is served by nothing either, and Next can refuse it.
 */
import { onRequestStart } from "./request-start";

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function replaceTrace(): void {
  onRequestStart("trace-method", ({ request }) => {
    if (request.method === "TRACE") request.method = "UNLOCK";
  });
}
