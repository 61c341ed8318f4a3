import { ArrowLeft } from "lucide-react";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { openSandbox } from "@/app/sandbox/_parts/open-sandbox";
import { PlayedBy } from "@/app/sandbox/_parts/played-by";
import { Problem } from "@/app/sandbox/_parts/problem";
import { one, type Query } from "@/app/sandbox/_parts/query";
import { BankChallenge, TestCards } from "@/app/sandbox/_parts/test-cards";
import { button, Logo, reader } from "@/lib/ui";
import { FIELD } from "@/lib/ui/button";
import { formatMoney } from "@/lib/ui/format";
import { OrderSummary } from "./order-summary";

export const metadata: Metadata = { title: "Checkout" };

export default async function CheckoutPage({
  params,
  searchParams,
}: {
  params: Promise<{ id: string }>;
  searchParams: Query;
}) {
  const [{ id }, query, { locale }, { isCardNumber, sandbox, stripePages, TEST_CARDS }] = await Promise.all([
    params,
    searchParams,
    reader(),
    openSandbox(),
  ]);
  const view = await stripePages.hostedPage(sandbox(), "checkout", id);
  if (view === null) notFound();
  const action = `/api/sandbox/stripe/checkout/${encodeURIComponent(id)}`;
  const card = one(query.confirm);
  const back = view.cancelUrl ?? "/";

  return (
    <>
      <PlayedBy processor="Stripe" what="A checkout" />
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
        </div>
        <div className="space-y-5">
          {view.status === "complete" && (
            <Over title="This checkout is paid" text="Nothing is charged twice." href={view.successUrl} link="Go on" />
          )}
          {view.status === "expired" && (
            <Over
              title="This checkout has expired"
              text="Nothing was charged. Choose your plan again to begin a new one."
              href={back}
              link="Back to the shop"
            />
          )}
          {view.status === "open" && card !== undefined && isCardNumber(card) && (
            <BankChallenge action={action} card={card} failure="?problem=authentication" />
          )}
          {view.status === "open" && card === undefined && (
            <>
              <Problem code={one(query.problem)} />
              <TestCards
                action={action}
                verb={view.trialUntil === null ? `Pay ${formatMoney(view.dueToday, locale)}` : "Start the trial"}
                cards={TEST_CARDS}
                without={view.cardOptional ? "Start the trial without a card" : null}
              >
                <Field name="email" label="Email" type="email" autoComplete="email" value={view.email} />
                <Field name="name" label="Name on card" type="text" autoComplete="cc-name" value={view.name} />
              </TestCards>
            </>
          )}
        </div>
      </div>
    </>
  );
}

function Over({ title, text, href, link }: { title: string; text: string; href: string; link: string }) {
  return (
    <section className="rounded-xl border border-line bg-surface p-5">
      <h2 className="font-semibold">{title}</h2>
      <p className="mt-1 mb-4 text-pretty text-muted text-sm">{text}</p>
      <a href={href} className={button("primary")}>
        {link}
      </a>
    </section>
  );
}

interface FieldProps {
  name: string;
  label: string;
  type: string;
  autoComplete: string;
  value: string | null;
}

function Field({ name, label, type, autoComplete, value }: FieldProps) {
  return (
    <label className="block">
      <span className="font-medium text-sm">{label}</span>
      <input
        name={name}
        type={type}
        autoComplete={autoComplete}
        defaultValue={value ?? ""}
        maxLength={200}
        className={`${FIELD} mt-2`}
      />
    </label>
  );
}
