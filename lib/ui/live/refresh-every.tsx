"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Refreshes the page at an interval. Rendering the page fetches the state that it waits for. */
export function RefreshEvery({ seconds }: { seconds: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => router.refresh(), seconds * 1_000);
    return () => clearInterval(timer);
  }, [router, seconds]);
  return null;
}
