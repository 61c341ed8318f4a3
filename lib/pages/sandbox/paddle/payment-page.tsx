import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import { requestLocale } from "@/lib/ui";
import { Notice } from "@/lib/ui/notice";
import { openSandbox } from "../parts/open-sandbox";
import { Problem } from "../parts/problem";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { BankChallenge, TestCards } from "../parts/test-cards";
import { Back } from "./back";

export const metadata: Metadata = { title: "Payment method" };

export default async function PaddlePaymentPage({
  params,
  searchParams,
}: {
  params: Promise<{ subscription: string }>;
  searchParams: Query;
}) {
  const [{ subscription }, query, { locale }, { isCardNumber, paddlePages, sandbox, TEST_CARDS }] = await Promise.all([
    params,
    searchParams,
    requestLocale(),
    openSandbox(),
  ]);
  const view = await paddlePages.hostedPage(sandbox(), "payment", subscription);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/paddle/payment/${encodeURIComponent(subscription)}`;
  const card = one(query.confirm);
  const owes = view.due > 0;
  const due = formatAmount(view.due, locale);

  return (
    <>
      <SandboxNotice processor="Paddle" what="The page to change a card" />
      <div className="mt-4 max-w-md space-y-5">
        <Back href={paths().billing} />
        <div>
          <h1 className="font-semibold text-2xl tracking-tight">Your card for {view.name}</h1>
          <p className="mt-1 text-pretty text-muted">
            {view.status === "canceled"
              ? "This subscription has ended: nothing is charged any more."
              : owes
                ? `${due} could not be charged to your card ending in ${view.card}. A new card pays it at once, and what comes next.`
                : `Your card ends in ${view.card}. Choose another to replace it; nothing is charged today.`}
          </p>
        </div>
        {query.done !== undefined && !owes && <Notice tone="info" title="Your card was changed." />}
        {view.status !== "canceled" &&
          (card !== undefined && isCardNumber(card) ? (
            <BankChallenge action={action} card={card} failure="?problem=authentication" />
          ) : (
            <>
              <Problem code={one(query.problem)} />
              <TestCards action={action} verb={owes ? `Pay ${due}` : "Replace it"} cards={TEST_CARDS} />
            </>
          ))}
      </div>
    </>
  );
}
