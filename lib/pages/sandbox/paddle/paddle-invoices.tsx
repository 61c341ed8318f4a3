import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import type { PaddlePortalView } from "@/lib/sandbox";
import { Instant } from "@/lib/ui/time/instant";

const STATUS: Readonly<Record<string, string>> = { completed: "Paid", paid: "Paid", billed: "Due", past_due: "Due" };

/** Payments, newest first; each completed one links to its PDF. */
export function PaddleInvoices({
  invoices,
  now,
  locale,
}: {
  invoices: PaddlePortalView["invoices"];
  now: string;
  locale: string;
}) {
  return (
    <section aria-labelledby="payments" className="mt-10">
      <h2 id="payments" className="font-medium">
        Payments
      </h2>
      {invoices.length === 0 && <p className="mt-2 text-muted text-sm">No payments yet.</p>}
      <ul className="mt-3 divide-y divide-line border-line border-y empty:hidden">
        {invoices.map(({ id, number, at, total, status }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 py-1 text-sm tabular-nums">
            <span className="inline-flex min-h-11 items-center sm:min-h-8">
              {status === "completed" ? (
                <a
                  href={`${paths().api}/sandbox/paddle/invoice/${id}/pdf`}
                  className="inline-flex min-h-11 items-center rounded-md underline underline-offset-4 sm:min-h-8"
                >
                  {number ?? id}
                </a>
              ) : (
                "Not paid yet"
              )}
            </span>
            <span className="text-muted">
              <Instant at={at} now={now} />
            </span>
            <span>{formatAmount(total, locale)}</span>
            {status === "completed" && (
              <a
                href={`${paths().sandbox}/paddle/transaction/${id}`}
                className="inline-flex min-h-11 items-center rounded-md underline underline-offset-4 sm:min-h-8"
              >
                Refunds<span className="sr-only"> and chargebacks of {number ?? id}</span>
              </a>
            )}
            <span className={STATUS[status] === "Due" ? "font-medium text-danger" : "text-muted"}>
              {STATUS[status] ?? status}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
