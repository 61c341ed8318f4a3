/** Calls back for each HTTP request of this process, before the server's handlers: Next hides some of it from routes. */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & { tollgateWatchers?: Set<string> };

/**
 * Watches every HTTP server of this process. Call it when the process starts; of two calls with one name the second does
 * nothing.
 * @param watch is called in the tick in which Node then calls the server's handlers
 */
export function onRequestStart(name: string, watch: (exchange: Exchange) => void): void {
  kept.tollgateWatchers ??= new Set();
  if (kept.tollgateWatchers.has(name)) return;
  kept.tollgateWatchers.add(name);
  subscribe("http.server.request.start", (message) => watch(message as Exchange));
}
