/**
 * Closes connections whose request body stays incomplete, on every route, page and server action, also if no code reads the
 * body. `readBody` responds with 408 first.
 */
import type { IncomingMessage } from "node:http";
import { BODY_MS } from "@/lib/core/deadlines";
import { onRequestStart } from "./request-start";

/** Leaves time for the 408. */
const GRACE_MS = 2_000;

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function limitRequestTime(deadlineMs = BODY_MS + GRACE_MS): void {
  onRequestStart("request-deadline", ({ request }) => {
    if (!hasBody(request)) return;
    const timer = setTimeout(() => {
      if (!request.complete) request.socket.destroy();
    }, deadlineMs).unref();
    // Node emits it when the body was read or discarded to its end, and when the connection closes.
    request.once("close", () => clearTimeout(timer));
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
