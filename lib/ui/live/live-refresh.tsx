"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { fingerprint } from "./fingerprint";
import { pollDelay } from "./poll";

interface LiveRefreshProps {
  /** The fingerprint of what the page shows: the page is read anew when the server's differs. */
  shown: string;
  /** News is awaited: asks often, whatever the reader does. */
  pending: boolean;
}

/** Asks the usage route now and then, and lets the server draw the page again when the answer is another one. */
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

/** Runs until the returned function is called. Hidden pages do not ask; coming back asks at once. */
function watch(latest: { readonly current: LiveRefreshProps }, onNews: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let activeAt = performance.now();
  let news: string | null = null;
  let ended = false;

  const ask = async () => {
    const answer = await fingerprintNow();
    if (ended) return;
    failures = answer === null ? failures + 1 : 0;
    // Once for each answer: a page that cannot come to show it must not be drawn for ever.
    if (answer !== null && answer !== latest.current.shown && answer !== news) onNews();
    news = answer ?? news;
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

/** null where there is no answer. */
async function fingerprintNow(): Promise<string | null> {
  try {
    const response = await fetch("/api/subscription/usage");
    return response.ok ? fingerprint(await response.json()) : null;
  } catch {
    return null;
  }
}
