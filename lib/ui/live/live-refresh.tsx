"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { useInstallation } from "../shell/installation";
import { fingerprint } from "./fingerprint";
import { pollDelay } from "./poll";

interface LiveRefreshProps {
  /** The fingerprint of the shown usage. If the server's differs, the page refreshes. */
  shown: string;
  /** A change is pending, so the page polls often. */
  pending: boolean;
}

/** Polls the usage route, and refreshes the page if the answer differs. */
export function LiveRefresh({ shown, pending }: LiveRefreshProps) {
  const router = useRouter();
  const usageRoute = `${useInstallation().paths.api}/subscription/usage`;
  const latest = useRef(shown);
  useEffect(() => {
    latest.current = shown;
  });
  useEffect(() => watch(usageRoute, latest, pending, () => router.refresh()), [router, pending, usageRoute]);
  return null;
}

const INPUT = ["visibilitychange", "pointerdown", "keydown"] as const;

/** Runs until the returned function is called. Hidden pages do not poll; a page that becomes visible polls soon. */
function watch(
  usageRoute: string,
  shown: { readonly current: string },
  pending: boolean,
  onChange: () => void,
): () => void {
  const startedAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let nextAt = Number.POSITIVE_INFINITY;
  let failures = 0;
  let inputAt: number | null = null;
  let latestSeen: string | null = null;
  let ended = false;

  const poll = async () => {
    nextAt = Number.POSITIVE_INFINITY;
    const answer = await fetchFingerprint(usageRoute);
    if (ended) return;
    failures = answer === null ? failures + 1 : 0;
    // One refresh per answer, so that a page whose fingerprint stays different does not refresh forever.
    if (answer !== null && answer !== shown.current && answer !== latestSeen) onChange();
    latestSeen = answer ?? latestSeen;
    schedule();
  };
  const schedule = () => {
    if (document.visibilityState !== "visible") return stop();
    const now = performance.now();
    const pendingMs = pending ? now - startedAt : null;
    const inputMs = inputAt === null ? null : now - inputAt;
    const at = now + pollDelay({ pendingMs, inputMs, failures });
    // Each input would put off the poll that an earlier one brought forward.
    if (at >= nextAt) return;
    stop();
    nextAt = at;
    timer = setTimeout(poll, at - now);
  };
  const stop = () => {
    clearTimeout(timer);
    nextAt = Number.POSITIVE_INFINITY;
  };
  const onInput = () => {
    inputAt = performance.now();
    schedule();
  };

  for (const event of INPUT) document.addEventListener(event, onInput);
  schedule();
  return () => {
    ended = true;
    clearTimeout(timer);
    for (const event of INPUT) document.removeEventListener(event, onInput);
  };
}

/** The server's fingerprint; null if it does not answer. */
async function fetchFingerprint(usageRoute: string): Promise<string | null> {
  try {
    const response = await fetch(usageRoute);
    return response.ok ? fingerprint(await response.json()) : null;
  } catch {
    return null;
  }
}
