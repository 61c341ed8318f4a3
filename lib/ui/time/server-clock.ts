import { laterNow } from "./countdown";

/** When (by performance.now()) each server's now reached this page; the same one is never anchored twice. */
const receivedAt = new Map<string, number>();
const KEPT = 50;

/** The server's now, as far as this page can know: goes on from the moment the answer with `serverNow` arrived. */
export function currentServerNow(serverNow: string): number {
  const at = receivedAt.get(serverNow) ?? remember(serverNow, performance.now());
  return laterNow(serverNow, at, performance.now());
}

/** For the hydrating render alone: its `serverNow` came with the document, so it counts from the response's start. */
export function anchorToDocument(serverNow: string): void {
  if (typeof window === "undefined" || receivedAt.has(serverNow)) return;
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  remember(serverNow, navigation?.responseStart || performance.now());
}

function remember(serverNow: string, at: number): number {
  // Back navigation shows an old answer again, so anchors stay; the oldest goes where a page is open for days.
  if (receivedAt.size >= KEPT) receivedAt.delete(receivedAt.keys().next().value as string);
  receivedAt.set(serverNow, at);
  return at;
}
