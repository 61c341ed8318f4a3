import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { currentConfig, paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import { button, requestLocale } from "@/lib/ui";
import { Instant } from "@/lib/ui/time/instant";
import { openSandbox } from "../parts/open-sandbox";
import { Problem } from "../parts/problem";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { BankChallenge, TestCards } from "../parts/test-cards";
import { InvoiceLines } from "./invoice-lines";
import { MerchantActions } from "./merchant-actions";

export const metadata: Metadata = { title: "Invoice" };

const TITLES = { draft: "Draft", open: "Due", paid: "Paid", void: "Void", uncollectible: "Written off" };

export default async function InvoicePage({
  params,
  searchParams,
}: {
  params: Promise<{ id: string }>;
  searchParams: Query;
}) {
  const [{ id }, query, { locale }, { isMethodNumber, sandbox, STRIPE_METHODS, stripePages }] = await Promise.all([
    params,
    searchParams,
    requestLocale(),
    openSandbox(),
  ]);
  const view = await stripePages.hostedPage(sandbox(), "invoice", id);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/stripe/invoice/${encodeURIComponent(id)}`;
  const card = one(query.confirm);
  const open = view.status === "open";

  return (
    <>
      <SandboxNotice processor="Stripe" what="An invoice" />
      <div className="mt-6 grid gap-8 sm:grid-cols-2 sm:gap-12">
        <section aria-labelledby="invoice">
          <h1 id="invoice" className="text-muted">
            Invoice {view.number}
          </h1>
          <p className="mt-1 font-semibold text-4xl tabular-nums tracking-tight">{formatAmount(view.due, locale)}</p>
          <p className="mt-1 text-sm">
            <span className={open ? "font-medium text-danger" : "text-muted"}>{TITLES[view.status]}</span>
            <span className="text-muted">
              {" · "}
              <Instant at={view.at} now={view.now} />
            </span>
          </p>
          <InvoiceLines view={view} locale={locale} />
          <p className="mt-6 flex flex-wrap gap-3">
            <a href={`${action}/pdf`} className={button()}>
              Open as PDF
            </a>
            <a href={paths().billing} className={button("quiet")}>
              Back to {currentConfig().brand.name}
            </a>
          </p>
        </section>
        {view.processingUntil !== null && (
          <p className="text-pretty text-muted text-sm">
            Your bank account ending in {view.card} is debited. The bank answers on{" "}
            <Instant at={view.processingUntil} now={view.now} />.
          </p>
        )}
        {view.refundSummary !== null && (
          <MerchantActions
            action={action}
            refundSummary={view.refundSummary}
            locale={locale}
            problem={<Problem code={one(query.problem)} />}
          />
        )}
        {open && view.processingUntil === null && (
          <div className="space-y-5">
            {view.nextAttempt !== null && (
              <p className="text-pretty text-muted text-sm">
                Your card{view.card && ` ending in ${view.card}`} is tried again on{" "}
                <Instant at={view.nextAttempt} now={view.now} />. Pay now to settle it at once; the card that pays is
                kept for what comes next.
              </p>
            )}
            {card !== undefined && isMethodNumber(card) ? (
              <BankChallenge action={action} card={card} failure="?problem=authentication" />
            ) : (
              <>
                <Problem code={one(query.problem)} />
                <TestCards action={action} verb={`Pay ${formatAmount(view.due, locale)}`} cards={STRIPE_METHODS} />
              </>
            )}
          </div>
        )}
      </div>
    </>
  );
}
