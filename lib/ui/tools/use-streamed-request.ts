"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { type StreamResult, streamLines } from "./stream-lines";

/** The server settles stopped work a moment after the connection closes. */
const REFRESH_DELAYS_MS = [250, 1_500];

/** Runs one streamed request at a time, and refreshes the page when it ends. */
export function useStreamedRequest<Line>(path: string) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function start(body: unknown, onLine: (line: Line) => void): Promise<StreamResult> {
    const controller = new AbortController();
    running.current = controller;
    setBusy(true);
    const result = await streamLines<Line>(path, body, { signal: controller.signal, onLine });
    running.current = null;
    setBusy(false);
    if (!result.ok) return result;
    router.refresh();
    if (result.value === "stopped") for (const delay of REFRESH_DELAYS_MS) setTimeout(() => router.refresh(), delay);
    return result;
  }

  return { busy, start, stop: () => running.current?.abort() };
}
