/**
 * Replaces the method TRACE. Node accepts it, but a `Request` cannot have it, so Next responds with 500 without our
 * headers. No route serves UNLOCK either, and Next can refuse it.
 */
import { onRequestStart } from "./request-start";

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function replaceTrace(): void {
  onRequestStart("trace-method", ({ request }) => {
    if (request.method === "TRACE") request.method = "UNLOCK";
  });
}
