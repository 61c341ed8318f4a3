import { ArrowLeft } from "lucide-react";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { currentConfig, paths } from "@/lib/config/current-catalog";
import { requestLocale } from "@/lib/ui";
import { Notice } from "@/lib/ui/notice";
import { CountryForm } from "../parts/country-form";
import { openSandbox } from "../parts/open-sandbox";
import { Problem } from "../parts/problem";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { BankChallenge, TestCards } from "../parts/test-cards";
import { PortalInvoices } from "./portal-invoices";
import { PortalSubscription } from "./portal-subscription";

export const metadata: Metadata = { title: "Billing portal" };

export default async function PortalPage({
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
  const view = await stripePages.hostedPage(sandbox(), "portal", id);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/stripe/portal/${encodeURIComponent(id)}`;
  const card = one(query.confirm);

  return (
    <>
      <SandboxNotice processor="Stripe" what="The customer portal" />
      {view.returnUrl !== null && (
        <p className="mt-4">
          <a
            href={view.returnUrl}
            className="-ml-2 inline-flex min-h-11 items-center gap-2 rounded-md px-2 text-muted text-sm hover:text-ink"
          >
            <ArrowLeft aria-hidden="true" className="size-4" />
            Return to {currentConfig().brand.name}
          </a>
        </p>
      )}
      <h1 className="mt-2 font-semibold text-2xl tracking-tight">Manage your billing</h1>
      {view.email !== null && <p className="mt-1 text-muted">{view.email}</p>}

      <section aria-labelledby="subscriptions" className="mt-8">
        <h2 id="subscriptions" className="font-medium">
          Subscriptions
        </h2>
        {view.subscriptions.length === 0 && <p className="mt-2 text-muted text-sm">You have no subscription.</p>}
        <ul className="mt-3 space-y-3">
          {view.subscriptions.map((subscription) => (
            <PortalSubscription
              key={subscription.id}
              subscription={subscription}
              action={action}
              now={view.now}
              locale={locale}
            />
          ))}
        </ul>
      </section>

      {view.country !== null && (
        <section aria-label="Address" className="mt-10 max-w-md">
          <CountryForm action={action} country={view.country} />
        </section>
      )}

      <section aria-labelledby="card" className="mt-10 max-w-md space-y-4">
        <h2 id="card" className="font-medium">
          Payment method
        </h2>
        <p className="text-muted text-sm">
          {view.card === null ? "No card yet." : `Your card ends in ${view.card}. Choose another to replace it.`}
        </p>
        {query.done !== undefined && <Notice tone="info" title="Your card was changed." />}
        {card !== undefined && isMethodNumber(card) ? (
          <BankChallenge action={action} card={card} failure="?problem=authentication" />
        ) : (
          <>
            <Problem code={one(query.problem)} />
            <TestCards action={action} verb="Replace it" cards={STRIPE_METHODS} />
          </>
        )}
      </section>

      <PortalInvoices invoices={view.invoices} now={view.now} locale={locale} />
    </>
  );
}
