"use client";

import dynamic from "next/dynamic";

/** Clerk's own code, loaded only on the pages that use it. */
export const ClerkPanel = dynamic(() => import("./clerk-widget"), {
  ssr: false,
  loading: () => <p className="text-muted">One moment…</p>,
});
