"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { type Streamed, streamLines } from "./stream-lines";

/** The server settles stopped work a moment after its reader has left. */
const SETTLED_AFTER_MS = [250, 1_500];

/** One streamed request at a time, read line by line. The page is refreshed when it ends. */
export function useStreamedRequest<Line>(path: string) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const working = useRef<AbortController | null>(null);
  useEffect(() => () => working.current?.abort(), []);

  async function start(body: unknown, onLine: (line: Line) => void): Promise<Streamed> {
    const controller = new AbortController();
    working.current = controller;
    setBusy(true);
    const streamed = await streamLines<Line>(path, body, { signal: controller.signal, onLine });
    working.current = null;
    setBusy(false);
    if (!streamed.ok) return streamed;
    router.refresh();
    if (streamed.value === "stopped") for (const delay of SETTLED_AFTER_MS) setTimeout(() => router.refresh(), delay);
    return streamed;
  }

  return { busy, start, stop: () => working.current?.abort() };
}
