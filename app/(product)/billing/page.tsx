import type { Metadata } from "next";
import { gateway } from "@/lib/database";
import { noticesOf } from "@/lib/notices";
import {
  ActivityList,
  byUrgency,
  ChangedNotice,
  CheckoutNotice,
  changedOf,
  decisionsToLoad,
  InvoicesSection,
  LivePage,
  NoticeList,
  requestLocale,
  requirePageUser,
  SubscriptionCard,
  standingMark,
  summary,
} from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { fixPayment, keep, openPortal } from "./actions";
import { Invoices } from "./invoices/invoices";
import { returnedCheckout } from "./returned-checkout";

export const metadata: Metadata = { title: "Billing" };

const TRAIL_LINES = 5;
const INVOICE_LINES = 5;
const ACTIONS = { pay: fixPayment, portal: openPortal, keep };

interface BillingPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function BillingPage({ searchParams }: BillingPageProps) {
  const [user, parameters] = await Promise.all([requirePageUser("/billing"), searchParams]);
  // First: where the news of a payment is late it is fetched here, and what follows is already what was paid for.
  const checkout = await returnedCheckout(user.id, parameters.checkout);
  const [{ locale }, usage, decisions] = await Promise.all([
    requestLocale(),
    usageOf(user.id),
    gateway().decisions(user.id, decisionsToLoad(TRAIL_LINES)),
  ]);
  // After the look at the usage, which turns the windows that are over.
  const notices = await noticesOf(user.id);
  const subscriptions = usage.subscriptions.toSorted(byUrgency);
  const changed = changedOf(parameters, subscriptions);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Billing</h1>
      <p className="mt-1 text-pretty text-muted">{summary({ subscriptions }, locale)}</p>
      <div className="mt-6 space-y-6">
        {checkout && (
          <CheckoutNotice
            checkout={checkout}
            subscription={subscriptions.find(({ product }) => product === checkout.product)}
          />
        )}
        {changed && <ChangedNotice changed={changed} />}
        {subscriptions.map((subscription) => (
          <SubscriptionCard
            key={subscription.product}
            subscription={subscription}
            actions={ACTIONS}
            now={usage.now}
            locale={locale}
          />
        ))}
      </div>
      <div className="mt-10 space-y-10">
        <NoticeList notices={notices} now={usage.now} />
        <ActivityList decisions={decisions} most={TRAIL_LINES} now={usage.now} />
        <InvoicesSection version={subscriptions.map(standingMark).join(" ")}>
          <Invoices userId={user.id} now={usage.now} locale={locale} most={INVOICE_LINES} />
        </InvoicesSection>
      </div>
      <LivePage usage={usage} pending={checkout?.status === "activating" || changed === "pending"} />
    </>
  );
}
