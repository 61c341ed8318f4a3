"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Refreshes a visible page repeatedly, since rendering it fetches the state it waits for. */
export function RefreshEvery({ seconds }: { seconds: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => router.refresh(), seconds * 1_000);
    return () => clearInterval(timer);
  }, [router, seconds]);
  return null;
}
