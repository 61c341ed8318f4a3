import { formatAmount } from "@/lib/messages/plan";
import type { InvoiceView } from "@/lib/sandbox";
import { Instant } from "@/lib/ui/time/instant";

/** The lines of the invoice and its sums. */
export function InvoiceLines({ view, locale }: { view: InvoiceView; locale: string }) {
  return (
    <dl className="mt-6 space-y-3 border-line border-t pt-4 text-sm tabular-nums">
      {view.lines.map((line) => (
        <div key={line.id} className="flex justify-between gap-4">
          <dt>
            {line.description}
            <span className="block text-muted">
              <Instant at={line.from} now={view.now} /> to <Instant at={line.until} now={view.now} />
            </span>
          </dt>
          <dd>{formatAmount(line.amount, locale)}</dd>
        </div>
      ))}
      {view.discount > 0 && <Sum term="Discount" amount={formatAmount(-view.discount, locale)} />}
      {view.tax !== 0 && (
        <Sum term={view.taxIncluded ? "Tax, included" : "Tax"} amount={formatAmount(view.tax, locale)} />
      )}
      {view.credit > 0 && <Sum term="From your credit" amount={formatAmount(-view.credit, locale)} />}
      <Sum term={view.status === "paid" ? "Paid" : "Amount due"} amount={formatAmount(view.due, locale)} strong />
    </dl>
  );
}

function Sum({ term, amount, strong = false }: { term: string; amount: string; strong?: boolean }) {
  return (
    <div className={`flex justify-between gap-4 border-line border-t pt-3 ${strong ? "font-medium" : ""}`}>
      <dt>{term}</dt>
      <dd>{amount}</dd>
    </div>
  );
}
