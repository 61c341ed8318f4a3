"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { fingerprint } from "./fingerprint";
import { pollDelay } from "./poll";

interface LiveRefreshProps {
  /** The fingerprint of the shown usage; another one on the server refreshes the page. */
  shown: string;
  /** A change is pending: ask often, whether or not the reader is active. */
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

/** Runs until the returned function is called. Hidden pages do not poll; a page that becomes visible polls at once. */
function watch(latest: { readonly current: LiveRefreshProps }, onChange: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let activeAt = performance.now();
  let latestSeen: string | null = null;
  let ended = false;

  const ask = async () => {
    const answer = await fingerprintNow();
    if (ended) return;
    failures = answer === null ? failures + 1 : 0;
    // Once per answer: a page that cannot show an answer must not refresh without end.
    if (answer !== null && answer !== latest.current.shown && answer !== latestSeen) onChange();
    latestSeen = answer ?? latestSeen;
    plan();
  };
  const plan = () => {
    clearTimeout(timer);
    if (document.visibilityState !== "visible") return;
    const idle = performance.now() - activeAt;
    timer = setTimeout(ask, pollDelay({ pending: latest.current.pending, idle, failures }));
  };
  const active = () => {
    activeAt = performance.now();
    plan();
  };

  for (const event of ACTIVITY) document.addEventListener(event, active);
  plan();
  return () => {
    ended = true;
    clearTimeout(timer);
    for (const event of ACTIVITY) document.removeEventListener(event, active);
  };
}

/** null if there is no answer. */
async function fingerprintNow(): Promise<string | null> {
  try {
    const response = await fetch("/api/subscription/usage");
    return response.ok ? fingerprint(await response.json()) : null;
  } catch {
    return null;
  }
}
