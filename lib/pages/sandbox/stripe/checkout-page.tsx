import { ArrowLeft } from "lucide-react";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import { Logo, requestLocale } from "@/lib/ui";
import { ClosedCheckout } from "../parts/closed-checkout";
import { CountryForm } from "../parts/country-form";
import { openSandbox } from "../parts/open-sandbox";
import { PaymentFields } from "../parts/payment-fields";
import { Problem } from "../parts/problem";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { BankChallenge, TestCards } from "../parts/test-cards";
import { CodeForm } from "./code-form";
import { OrderSummary } from "./order-summary";

export const metadata: Metadata = { title: "Checkout" };

export default async function CheckoutPage({
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
  const view = await stripePages.hostedPage(sandbox(), "checkout", id);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/stripe/checkout/${encodeURIComponent(id)}`;
  const card = one(query.confirm);
  const back = view.cancelUrl ?? "/";

  return (
    <>
      <SandboxNotice processor="Stripe" what="A checkout" />
      <div className="mt-6 grid gap-8 sm:grid-cols-2 sm:gap-12">
        <div>
          {view.status === "open" && (
            <a
              href={back}
              className="-ml-2 inline-flex min-h-11 items-center gap-2 rounded-md px-2 text-muted text-sm hover:text-ink"
            >
              <ArrowLeft aria-hidden="true" className="size-4" />
              Back to <Logo />
            </a>
          )}
          <OrderSummary view={view} locale={locale} />
          {view.status === "open" && (
            <div className="mt-6 space-y-5">
              {view.codes !== null && (
                <CodeForm action={action} codes={view.codes} applied={view.discount?.code ?? null} />
              )}
              {view.country !== null && <CountryForm action={action} country={view.country} />}
            </div>
          )}
        </div>
        <div className="space-y-5">
          {view.status === "complete" && (
            <ClosedCheckout
              title="This checkout is paid"
              text="Nothing is charged twice."
              href={view.successUrl}
              link="Continue"
            />
          )}
          {view.status === "expired" && (
            <ClosedCheckout
              title="This checkout has expired"
              text="Nothing was charged. Choose your plan again to open a new one."
              href={back}
              link="Back to the plans"
            />
          )}
          {view.status === "open" && card !== undefined && isMethodNumber(card) && (
            <BankChallenge action={action} card={card} failure="?problem=authentication" />
          )}
          {view.status === "open" && card === undefined && (
            <>
              <Problem code={one(query.problem)} />
              <TestCards
                action={action}
                verb={view.trialUntil === null ? `Pay ${formatAmount(view.dueToday, locale)}` : "Start the trial"}
                cards={STRIPE_METHODS}
                without={view.cardOptional ? "Start the trial without a card" : null}
              >
                <PaymentFields email={view.email} name={view.name} />
              </TestCards>
            </>
          )}
        </div>
      </div>
    </>
  );
}
