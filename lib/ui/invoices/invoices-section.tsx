import type { Route } from "next";
import { type ReactNode, Suspense } from "react";
import { paths } from "@/lib/config/current-catalog";
import { Link } from "../link";

interface InvoicesSectionProps {
  /** Changes when invoices may have changed. A refresh with the same version keeps the shown invoices. */
  version: string;
  children: ReactNode;
}

/**
 * The section of invoices on a page. The page does not wait for the processor: with script the invoices stream in,
 * without script a link opens their page.
 */
export function InvoicesSection({ version, children }: InvoicesSectionProps) {
  return (
    <section aria-labelledby="invoices">
      <div className="flex items-baseline justify-between gap-4">
        <h2 id="invoices" className="font-semibold text-base">
          Invoices
        </h2>
        <Link
          href={`${paths().billing}/invoices` as Route}
          className="inline-flex min-h-11 items-center text-muted text-sm underline underline-offset-4 hover:text-ink sm:min-h-0"
        >
          All invoices
        </Link>
      </div>
      <div className="mt-3">
        <Suspense key={version} fallback={<Skeleton />}>
          {children}
        </Suspense>
      </div>
    </section>
  );
}

function Skeleton() {
  return (
    <div aria-hidden="true" className="scripted-only divide-y divide-line border-line border-y">
      {[1, 2, 3].map((line) => (
        <div key={line} className="flex h-11 items-center justify-between">
          <span className="h-3 w-40 rounded bg-track" />
          <span className="h-3 w-24 rounded bg-track" />
        </div>
      ))}
    </div>
  );
}
