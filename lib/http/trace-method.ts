/**
 * Replaces the method TRACE. Node accepts it, but no `Request` can have it, so Next answers 500 without our headers. UNLOCK
 * is served by nothing either, and Next can refuse it.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & { tollgateTrace?: true };

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function replaceTrace(): void {
  if (kept.tollgateTrace) return;
  kept.tollgateTrace = true;
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    if (request.method === "TRACE") request.method = "UNLOCK";
  });
}
