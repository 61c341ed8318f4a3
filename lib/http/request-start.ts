/** Calls watchers for each HTTP request of this process, before its handlers. Next hides parts of a request from routes. */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { singleton } from "@/lib/core/singleton";

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

const watchers = singleton("request-watchers", () => new Set<string>());

/**
 * Watches every HTTP server of this process. Call it when the process starts; a second call with the same name does
 * nothing.
 * @param watch called in the same tick as the server's handlers, before them
 */
export function onRequestStart(name: string, watch: (exchange: Exchange) => void): void {
  if (watchers.has(name)) return;
  watchers.add(name);
  subscribe("http.server.request.start", (message) => watch(message as Exchange));
}
