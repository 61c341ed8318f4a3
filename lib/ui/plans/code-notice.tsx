import type { Route } from "next";
import Link from "next/link";
import { Notice } from "../notice";

/** Names the checkout's promotion code, and links to the page without it. */
export function CodeNotice({ code, without }: { code: string; without: string }) {
  return (
    <Notice tone="info" title={`Code ${code} is tried at checkout`}>
      It counts for a new subscription.{" "}
      <Link href={without as Route} className="text-ink underline underline-offset-4">
        Buy without it
      </Link>
    </Notice>
  );
}
