import { ArrowLeft } from "lucide-react";
import type { Route } from "next";
import { paths } from "@/lib/config/current-catalog";
import { Link } from "../link";

/** The link from a page below `/billing` back to it. */
export function BackToBilling() {
  return (
    <Link
      href={paths().billing as Route}
      className="-mt-3 mb-2 inline-flex min-h-11 items-center gap-2 rounded-md text-muted text-sm hover:text-ink"
    >
      <ArrowLeft aria-hidden="true" className="size-4" />
      Billing
    </Link>
  );
}
