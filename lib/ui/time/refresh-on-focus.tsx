"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

const FRESH_MS = 10_000;

/**
 * Refreshes the page when the user returns to it. The usage may have changed, and the countdown may be late: a monotonic
 * clock can stop while the machine sleeps.
 */
export function RefreshOnFocus() {
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
