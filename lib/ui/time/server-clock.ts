import { laterNow } from "./countdown";

/** The arrival of each server time at this page, by performance.now(). */
const receivedAt = new Map<string, number>();
const MOST = 50;

/** An estimate of the server's current time (ms): `serverNow` plus the time since its arrival. */
export function currentServerNow(serverNow: string): number {
  const at = receivedAt.get(serverNow) ?? remember(serverNow, performance.now());
  return laterNow(serverNow, at, performance.now());
}

/** For the hydrating render only: its `serverNow` arrived with the document, at the response's start. */
export function anchorToDocument(serverNow: string): void {
  if (typeof window === "undefined" || receivedAt.has(serverNow)) return;
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  remember(serverNow, navigation?.responseStart || performance.now());
}

function remember(serverNow: string, at: number): number {
  // Back navigation shows an old answer again, so several arrivals are stored; above MOST the oldest is dropped.
  if (receivedAt.size >= MOST) receivedAt.delete(receivedAt.keys().next().value as string);
  receivedAt.set(serverNow, at);
  return at;
}
