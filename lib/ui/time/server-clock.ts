import { laterNow } from "./countdown";

/** When (by performance.now()) each server time reached this page; each one is stored once. */
const receivedAt = new Map<string, number>();
const KEPT = 50;

/** The server's time, estimated: it continues from the arrival of the answer with `serverNow`. */
export function currentServerNow(serverNow: string): number {
  const at = receivedAt.get(serverNow) ?? remember(serverNow, performance.now());
  return laterNow(serverNow, at, performance.now());
}

/** For the hydrating render only: its `serverNow` came with the document, so it counts from the response's start. */
export function anchorToDocument(serverNow: string): void {
  if (typeof window === "undefined" || receivedAt.has(serverNow)) return;
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  remember(serverNow, navigation?.responseStart || performance.now());
}

function remember(serverNow: string, at: number): number {
  // Back navigation shows an old answer again, so anchors stay; a page that is open for days drops the oldest.
  if (receivedAt.size >= KEPT) receivedAt.delete(receivedAt.keys().next().value as string);
  receivedAt.set(serverNow, at);
  return at;
}
