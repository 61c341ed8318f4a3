import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import type { PaddleCheckoutView } from "@/lib/sandbox";
import { requestLocale } from "@/lib/ui";
import { ClosedCheckout } from "../parts/closed-checkout";
import { openSandbox } from "../parts/open-sandbox";
import { PaymentFields } from "../parts/payment-fields";
import { Problem } from "../parts/problem";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { BankChallenge, TestCards } from "../parts/test-cards";
import { Back } from "./back";
import { CountryAndCode } from "./country-and-code";
import { PaddleOrder } from "./paddle-order";

export const metadata: Metadata = { title: "Checkout" };

export default async function PaddleCheckoutPage({
  params,
  searchParams,
}: {
  params: Promise<{ transaction: string }>;
  searchParams: Query;
}) {
  const [{ transaction }, query, { locale }, fake] = await Promise.all([
    params,
    searchParams,
    requestLocale(),
    openSandbox(),
  ]);
  const { isCardNumber, paddlePages, sandbox, TEST_CARDS } = fake;
  const view = await paddlePages.hostedPage(sandbox(), "checkout", transaction);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/paddle/checkout/${encodeURIComponent(transaction)}`;
  const card = one(query.confirm);

  return (
    <>
      <SandboxNotice processor="Paddle" what="A checkout" />
      <div className="mt-6 grid gap-8 sm:grid-cols-2 sm:gap-12">
        <div>
          {view.status === "open" && <Back href={view.returnUrl} />}
          <PaddleOrder view={view} locale={locale} />
        </div>
        <div className="space-y-5">
          {view.status === "complete" && (
            <ClosedCheckout
              title="This checkout is paid"
              text="Nothing is charged twice."
              href={view.returnUrl}
              link="Continue"
            />
          )}
          {view.status === "gone" && (
            <ClosedCheckout
              title="This checkout was canceled"
              text="Nothing was charged. Choose your plan again to open a new one."
              href={paths().pricing}
              link="See plans"
            />
          )}
          {view.status === "open" && card !== undefined && isCardNumber(card) && (
            <BankChallenge
              action={action}
              card={card}
              failure="?problem=authentication"
              fields={{ country: one(query.country), code: one(query.code) }}
            />
          )}
          {view.status === "open" && card === undefined && (
            <>
              <Problem code={one(query.problem)} />
              <TestCards action={action} verb={verbOf(view, locale)} cards={TEST_CARDS}>
                <PaymentFields email={view.email} name={view.name} />
                {view.draft && (
                  <CountryAndCode
                    countries={paddlePages.COUNTRIES}
                    country={view.country}
                    codes={paddlePages.TEST_CODES}
                  />
                )}
              </TestCards>
            </>
          )}
        </div>
      </div>
    </>
  );
}

/** The tax and a code can still change the amount of a draft. */
function verbOf({ draft, dueToday }: PaddleCheckoutView, locale: string): string {
  if (draft && dueToday > 0) return "Pay";
  return dueToday === 0 ? "Save it" : `Pay ${formatAmount(dueToday, locale)}`;
}
