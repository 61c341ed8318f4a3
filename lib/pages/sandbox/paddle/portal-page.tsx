import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { requestLocale } from "@/lib/ui";
import { openSandbox } from "../parts/open-sandbox";
import { one, type Query } from "../parts/query";
import { SandboxNotice } from "../parts/sandbox-notice";
import { Back } from "./back";
import { PaddleInvoices } from "./paddle-invoices";
import { PaddleSubscription } from "./paddle-subscription";

export const metadata: Metadata = { title: "Customer portal" };

export default async function PaddlePortalPage({
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
  const view = await paddlePages.hostedPage(sandbox(), "portal", id);
  if (view === null) notFound();
  const action = `${paths().api}/sandbox/paddle/portal/${encodeURIComponent(id)}`;

  return (
    <>
      <SandboxNotice processor="Paddle" what="The customer portal" />
      <p className="mt-4">
        <Back href={paths().billing} />
      </p>
      <h1 className="mt-2 font-semibold text-2xl tracking-tight">Your subscriptions and payments</h1>
      {view.email !== null && <p className="mt-1 text-muted">{view.email}</p>}
      {one(query.problem) === "refused" && (
        <p role="alert" className="mt-4 rounded-lg border border-danger-line bg-danger-soft px-4 py-3 text-sm">
          It cannot be changed shortly before the renewal. Try again afterwards.
        </p>
      )}
      <section aria-labelledby="subscriptions" className="mt-8">
        <h2 id="subscriptions" className="font-medium">
          Subscriptions
        </h2>
        {view.subscriptions.length === 0 && <p className="mt-2 text-muted text-sm">You have no subscription.</p>}
        <ul className="mt-3 space-y-3 empty:hidden">
          {view.subscriptions.map((subscription) => (
            <PaddleSubscription
              key={subscription.id}
              subscription={subscription}
              action={action}
              now={view.now}
              locale={locale}
            />
          ))}
        </ul>
      </section>
      <PaddleInvoices invoices={view.invoices} now={view.now} locale={locale} />
    </>
  );
}
