"use client";

import { useRouter } from "next/navigation";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { countdownText, DUE, spokenTimeLeft, timeLeft } from "./countdown";
import { anchorToDocument, currentServerNow } from "./server-clock";

const RETRY_MS = 4_000;
const AT_ZERO = { Resets: "Resetting now", Ends: "Ending now" };

interface CountdownToProps {
  /** ISO. */
  until: string;
  /** The server's time (ISO) when the page was rendered. */
  now: string;
  /** The event at that time. */
  verb?: keyof typeof AT_ZERO;
  /** The rest of the sentence; it is left out at zero. */
  children?: ReactNode;
}

/**
 * "Resets in 9 days 4 hours", counted down by the server's clock. At zero the page refreshes until the server shows the
 * next window. Screen readers get the time left at rendering, without updates.
 */
export function CountdownTo({ until, now, verb = "Resets", children }: CountdownToProps) {
  const router = useRouter();
  const text = useSyncExternalStore(
    everySecond,
    () => countdownText(timeLeft(until, currentServerNow(now))),
    () => {
      anchorToDocument(now);
      return countdownText(timeLeft(until, Date.parse(now)));
    },
  );
  const due = text === DUE;

  useEffect(() => {
    if (!due) return;
    router.refresh();
    const retry = setInterval(() => router.refresh(), RETRY_MS);
    return () => clearInterval(retry);
  }, [due, router]);

  if (due) return AT_ZERO[verb];
  return (
    <>
      <span aria-hidden="true">
        {verb} in <span className="font-medium text-ink tabular-nums">{text}</span>
      </span>
      <span className="sr-only">
        {verb} in {spokenTimeLeft(timeLeft(until, Date.parse(now)))}
      </span>
      {children}
    </>
  );
}

function everySecond(onTick: () => void): () => void {
  const timer = setInterval(onTick, 1_000);
  return () => clearInterval(timer);
}
