/**
 * Remembers the address at the other end of each request's connection. Next hides it from routes and server actions,
 * and fills it into `x-forwarded-for` only if the visitor sent no such header.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { onRequestStart } from "@/lib/http/request-start";

/** One per process, although Next bundles this module more than once. */
const kept = globalThis as typeof globalThis & { tollgateSocketAddresses?: AsyncLocalStorage<string | null> };

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function watchConnections(): void {
  kept.tollgateSocketAddresses ??= new AsyncLocalStorage();
  const addresses = kept.tollgateSocketAddresses;
  onRequestStart("socket-address", ({ request }) => addresses.enterWith(request.socket.remoteAddress ?? null));
}

/** The address of the running request's connection; null outside a request, or if the host hides connections. */
export function socketAddress(): string | null {
  return kept.tollgateSocketAddresses?.getStore() ?? null;
}
