/**
 * Stores the client address of each request's connection. Next hides it from routes and server actions, and writes it to
 * `x-forwarded-for` only if the visitor sent no such header.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { singleton } from "@/lib/core/singleton";
import { onRequestStart } from "@/lib/http/request-start";

const addresses = singleton("socket-addresses", () => new AsyncLocalStorage<string | null>());

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function watchConnections(): void {
  onRequestStart("socket-address", ({ request }) => addresses.enterWith(request.socket.remoteAddress ?? null));
}

/** The address of the running request's connection; null outside a request, or if the host hides connections. */
export function socketAddress(): string | null {
  return addresses.getStore() ?? null;
}
