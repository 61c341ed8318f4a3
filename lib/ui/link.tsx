"use client";

import NextLink from "next/link";
import { type ComponentProps, useState } from "react";

export { useLinkStatus } from "next/link";

/**
 * Next's link, which prefetches its page when the user points at it or focuses it. Next's own prefetches each visible
 * link, so an open page would send a request per link.
 */
export function Link({ onPointerEnter, onFocus, ...props }: ComponentProps<typeof NextLink>) {
  const [likely, setLikely] = useState(false);
  return (
    <NextLink
      {...props}
      prefetch={likely ? null : false}
      onPointerEnter={(event) => {
        setLikely(true);
        onPointerEnter?.(event);
      }}
      onFocus={(event) => {
        setLikely(true);
        onFocus?.(event);
      }}
    />
  );
}
