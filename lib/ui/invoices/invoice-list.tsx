import { ExternalLink } from "lucide-react";
import type { InvoicesView, InvoiceView } from "@/lib/billing/schemas/purchase";
import { formatMoney } from "@/lib/messages/format";
import { moneyWords } from "@/lib/messages/money";
import { processorName } from "@/lib/messages/plan";
import { Notice } from "../notice";
import { Instant } from "../time/instant";

interface InvoiceListProps extends InvoicesView {
  now: string;
  locale: string;
}

/** Shown if the invoices could not be loaded. */
export function InvoicesUnavailable() {
  return (
    <Notice tone="warn" title="Your invoices cannot be shown right now">
      They are safe. Please try again in a minute.
    </Notice>
  );
}

const STATUS = { paid: "Paid", open: "Open", void: "Void" };

/** Invoices, newest first. If a processor did not answer, it is named. */
export function InvoiceList({ invoices, unavailable, now, locale }: InvoiceListProps) {
  return (
    <div className="space-y-3">
      {unavailable.length > 0 && (
        <Notice tone="warn" title={`${unavailable.map(processorName).join(" and ")} cannot be reached right now`}>
          Its invoices are missing here. They are safe. Please try again in a minute.
        </Notice>
      )}
      {invoices.length === 0 && unavailable.length === 0 && (
        <p className="text-muted text-sm">No invoices yet. Your first one will appear here after your first payment.</p>
      )}
      {invoices.length > 0 && (
        <ul className="divide-y divide-line border-line border-y">
          {invoices.map((invoice) => (
            <Line key={invoice.id} invoice={invoice} now={now} locale={locale} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Line({ invoice, now, locale }: { invoice: InvoiceView; now: string; locale: string }) {
  const { number, at, total, status, url, pdf } = invoice;
  const details = moneyWords(invoice, locale);
  return (
    <li className="grid grid-cols-[1fr_auto_auto] items-center gap-x-4 py-1.5 text-sm tabular-nums sm:grid-cols-[1fr_auto_3rem_8rem]">
      <span>
        <Instant at={at} now={now} />
        {number && <span className="block text-faint sm:ml-2 sm:inline">{number}</span>}
        {details.length > 0 && <span className="block text-muted">{details.join(" · ")}</span>}
      </span>
      <span className="text-right font-medium">{formatMoney(total.amount, locale, total.currency)}</span>
      <span className={status === "open" ? "font-medium text-danger" : "text-muted"}>{STATUS[status]}</span>
      <span className="flex justify-end gap-1 max-sm:col-span-3">
        {url && <DocumentLink href={url} text={status === "open" ? "Pay" : "View"} number={number} />}
        {pdf && <DocumentLink href={pdf} text="PDF" number={number} />}
      </span>
    </li>
  );
}

function DocumentLink({ href, text, number }: { href: string; text: string; number: string | null }) {
  return (
    <a
      href={href}
      className="inline-flex min-h-11 items-center gap-1 rounded-md px-2 underline underline-offset-4 hover:bg-sunken sm:min-h-8"
    >
      {text}
      <span className="sr-only"> invoice {number ?? "without a number"}</span>
      <ExternalLink aria-hidden="true" className="size-3.5 text-faint" />
    </a>
  );
}
