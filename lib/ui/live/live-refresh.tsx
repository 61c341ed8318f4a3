"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { fingerprint } from "./fingerprint";
import { pollDelay } from "./poll";

interface LiveRefreshProps {
  /** The fingerprint of the shown usage. If the server's differs, the page refreshes. */
  shown: string;
  /** A change is pending, so the page polls often even if the user is not active. */
  pending: boolean;
}

/** Polls the usage route, and refreshes the page if the answer differs. */
export function LiveRefresh({ shown, pending }: LiveRefreshProps) {
  const router = useRouter();
  const latest = useRef({ shown, pending });
  useEffect(() => {
    latest.current = { shown, pending };
  });
  useEffect(() => watch(latest, () => router.refresh()), [router]);
  return null;
}

const ACTIVITY = ["visibilitychange", "pointerdown", "keydown"] as const;

/** Runs until the returned function is called. Hidden pages do not poll; a page that becomes visible polls soon. */
function watch(latest: { readonly current: LiveRefreshProps }, onChange: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let activeAt = performance.now();
  let latestSeen: string | null = null;
  let ended = false;

  const poll = async () => {
    const answer = await fetchFingerprint();
    if (ended) return;
    failures = answer === null ? failures + 1 : 0;
    // One refresh per answer, so that a page whose fingerprint stays different does not refresh forever.
    if (answer !== null && answer !== latest.current.shown && answer !== latestSeen) onChange();
    latestSeen = answer ?? latestSeen;
    schedule();
  };
  const schedule = () => {
    clearTimeout(timer);
    if (document.visibilityState !== "visible") return;
    const idleMs = performance.now() - activeAt;
    timer = setTimeout(poll, pollDelay({ pending: latest.current.pending, idleMs, failures }));
  };
  const onActivity = () => {
    activeAt = performance.now();
    schedule();
  };

  for (const event of ACTIVITY) document.addEventListener(event, onActivity);
  schedule();
  return () => {
    ended = true;
    clearTimeout(timer);
    for (const event of ACTIVITY) document.removeEventListener(event, onActivity);
  };
}

/** The server's fingerprint; null if it does not answer. */
async function fetchFingerprint(): Promise<string | null> {
  try {
    const response = await fetch("/api/subscription/usage");
    return response.ok ? fingerprint(await response.json()) : null;
  } catch {
    return null;
  }
}
