"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { browserZone } from "./local-time";

const FRESH_MS = 10_000;
const YEAR_SECONDS = 31_536_000;

/** Tells the server the reader's zone for its next page. */
export function RememberZone() {
  useEffect(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: cookieStore is missing in Firefox ESR and on plain http
    document.cookie = `tz=${browserZone()}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  }, []);
  return null;
}

/**
 * Reads the page again when the reader comes back to it: usage moved meanwhile, and monotonic clocks may stop while
 * a machine sleeps, which would leave the countdown behind.
 */
export function RefreshOnReturn() {
  const router = useRouter();
  useEffect(() => {
    let last = performance.now();
    const refresh = () => {
      if (document.visibilityState !== "visible" || performance.now() - last < FRESH_MS) return;
      last = performance.now();
      router.refresh();
    };
    const restored = (event: PageTransitionEvent) => event.persisted && router.refresh();
    document.addEventListener("visibilitychange", refresh);
    window.addEventListener("pageshow", restored);
    return () => {
      document.removeEventListener("visibilitychange", refresh);
      window.removeEventListener("pageshow", restored);
    };
  }, [router]);
  return null;
}
