/**
 * Remembers the address at the other end of each request's connection. Next hides it from routes and server actions,
 * and fills it into `x-forwarded-for` only if the visitor sent no such header.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & { tollgateSocketAddresses?: AsyncLocalStorage<string | null> };

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function watchConnections(): void {
  if (kept.tollgateSocketAddresses) return;
  const addresses = new AsyncLocalStorage<string | null>();
  kept.tollgateSocketAddresses = addresses;
  // Node publishes this just before it calls the server's handlers, in the same tick.
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    addresses.enterWith(request.socket.remoteAddress ?? null);
  });
}

/** The address of the running request's connection; null outside a request, or if the host hides connections. */
export function socketAddress(): string | null {
  return kept.tollgateSocketAddresses?.getStore() ?? null;
}
