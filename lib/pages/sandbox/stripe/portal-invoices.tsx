import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import type { InvoiceSummary } from "@/lib/sandbox";
import { Instant } from "@/lib/ui/time/instant";

const STATUS: Readonly<Record<InvoiceSummary["status"], string>> = {
  draft: "Draft",
  open: "Due",
  paid: "Paid",
  void: "Void",
  uncollectible: "Written off",
};

/** Invoices, newest first, each a link to its page. */
export function PortalInvoices({
  invoices,
  now,
  locale,
}: {
  invoices: readonly InvoiceSummary[];
  now: string;
  locale: string;
}) {
  return (
    <section aria-labelledby="invoices" className="mt-10">
      <h2 id="invoices" className="font-medium">
        Invoices
      </h2>
      {invoices.length === 0 && <p className="mt-2 text-muted text-sm">No invoices yet.</p>}
      <ul className="mt-3 divide-y divide-line border-line border-y empty:hidden">
        {invoices.map(({ id, number, at, total, status }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 py-1 text-sm tabular-nums">
            <a
              href={`${paths().sandbox}/stripe/invoice/${id}`}
              className="inline-flex min-h-11 items-center rounded-md underline underline-offset-4 sm:min-h-8"
            >
              {number ?? id}
            </a>
            <span className="text-muted">
              <Instant at={at} now={now} />
            </span>
            <span>{formatAmount(total, locale)}</span>
            <span className={status === "open" ? "font-medium text-danger" : "text-muted"}>{STATUS[status]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
