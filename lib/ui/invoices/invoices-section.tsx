import type { Route } from "next";
import Link from "next/link";
import { type ReactNode, Suspense } from "react";

interface InvoicesSectionProps {
  /** What invoices follow from. Another one begins anew: else a page that is drawn again would wait for the processor. */
  version: string;
  children: ReactNode;
}

/**
 * The invoices below a page's answer. They come from the processor and may take their time, so the page does not wait:
 * they stream in where there is script, and are a page away where there is none.
 */
export function InvoicesSection({ version, children }: InvoicesSectionProps) {
  return (
    <section aria-labelledby="invoices">
      <div className="flex items-baseline justify-between gap-4">
        <h2 id="invoices" className="font-semibold text-base">
          Invoices
        </h2>
        <Link
          href={"/billing/invoices" as Route}
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
