"use client";

import dynamic from "next/dynamic";

/** Clerk's own code, fetched by those who look at one of its pages and by nobody else. */
export const ClerkPanel = dynamic(() => import("./clerk-widget"), {
  ssr: false,
  loading: () => <p className="text-muted">One moment …</p>,
});
