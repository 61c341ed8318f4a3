"use client";

import { useEffect } from "react";
import { browserZone } from "./local-time";

const YEAR_SECONDS = 31_536_000;

/** Stores the browser's time zone in a cookie, so that the server knows it from the next request on. */
export function RememberZone() {
  useEffect(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: cookieStore is missing in Firefox ESR and on plain http
    document.cookie = `tz=${browserZone()}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  }, []);
  return null;
}
