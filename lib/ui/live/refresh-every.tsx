"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Has the server draw the page again and again, as long as it is shown: what it waits for is fetched by drawing it. */
export function RefreshEvery({ seconds }: { seconds: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => router.refresh(), seconds * 1_000);
    return () => clearInterval(timer);
  }, [router, seconds]);
  return null;
}
