"use client";

import { useRouter } from "next/navigation";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { countdownText, DUE, spokenTimeLeft, timeLeft } from "./countdown";
import { anchorToDocument, currentServerNow } from "./server-clock";

const RETRY_MS = 4_000;
const NOW = { Resets: "Resetting now", Ends: "Ending now" };

interface CountdownToProps {
  /** ISO. */
  until: string;
  /** The server's time (ISO) when this page was made. */
  now: string;
  /** The event at that time. */
  verb?: keyof typeof NOW;
  /** The rest of the sentence, left out once the time has come. */
  children?: ReactNode;
}

/**
 * "Resets in 9 days 4 hours", counted down by the server's clock. At zero it says so and refreshes the page until the
 * server has moved on. Screen readers get the time left once, when the page was made.
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

  if (due) return NOW[verb];
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
