import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import { requestLocale } from "@/lib/ui";
import { Notice } from "@/lib/ui/notice";
import { Instant } from "@/lib/ui/time/instant";
import { openSandbox } from "../parts/open-sandbox";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { Back } from "./back";
import { PaddleSums } from "./paddle-sums";
import { TransactionActions } from "./transaction-actions";
import { TransactionAdjustments } from "./transaction-adjustments";

export const metadata: Metadata = { title: "Payment" };

/** One payment, as in the seller's dashboard, with its refunds and chargebacks. */
export default async function PaddleTransactionPage({
  params,
  searchParams,
}: {
  params: Promise<{ id: string }>;
  searchParams: Query;
}) {
  const [{ id }, query, { locale }, { paddlePages, sandbox }] = await Promise.all([
    params,
    searchParams,
    requestLocale(),
    openSandbox(),
  ]);
  const view = await paddlePages.hostedPage(sandbox(), "transaction", id);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/paddle/transaction/${encodeURIComponent(id)}`;

  return (
    <>
      <SandboxNotice processor="Paddle" what="A payment in the seller’s dashboard" />
      <p className="mt-4">
        <Back href={`${paths().billing}/invoices`} />
      </p>
      <h1 className="mt-2 font-semibold text-2xl tracking-tight">Payment {view.number}</h1>
      <p className="mt-1 text-muted text-sm">
        <Instant at={view.at} now={view.now} />, {formatAmount(view.paid, locale)} paid by card
      </p>
      <div className="mt-6 grid gap-8 sm:grid-cols-2 sm:gap-12">
        <section aria-label="Lines">
          <dl className="space-y-3 border-line border-t pt-4 text-sm tabular-nums">
            {view.lines.map(({ name, amount }) => (
              <div key={`${name} ${amount}`} className="flex justify-between gap-4">
                <dt>{name}</dt>
                <dd>{formatAmount(amount, locale)}</dd>
              </div>
            ))}
            <PaddleSums discount={view.discount} tax={view.tax} locale={locale} />
            <div className="flex justify-between gap-4 border-line border-t pt-3 font-medium">
              <dt>Refundable</dt>
              <dd>{formatAmount(view.remaining, locale)}</dd>
            </div>
          </dl>
        </section>
        <div className="space-y-5">
          {one(query.problem) === "refused" && (
            <Notice tone="danger" title="Paddle refuses this">
              Nothing was changed. A refund waits for approval, or the payment is already paid back.
            </Notice>
          )}
          <TransactionActions action={action} view={view} locale={locale} />
        </div>
      </div>
      <TransactionAdjustments action={action} adjustments={view.adjustments} now={view.now} locale={locale} />
    </>
  );
}
