import type { Metadata } from "next";
import { paths } from "@/lib/config/current-catalog";
import { gateway } from "@/lib/database";
import { noticesOf } from "@/lib/notices";
import {
  ActivityList,
  byUrgency,
  ChangeOutcomeNotice,
  CheckoutNotice,
  decisionsToLoad,
  InvoicesSection,
  LivePage,
  NoticeList,
  readChangeOutcome,
  requestLocale,
  requirePageUser,
  SubscriptionCard,
  subscriptionFingerprint,
  summary,
} from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { fixPayment, openPortal, resumePlan } from "./actions";
import { Invoices } from "./invoices";
import { returnedCheckout } from "./returned-checkout";

export const metadata: Metadata = { title: "Billing" };

const ACTIVITY_LINES = 5;
const INVOICE_LINES = 5;
const ACTIONS = { pay: fixPayment, portal: openPortal, resume: resumePlan };

interface BillingPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function BillingPage({ searchParams }: BillingPageProps) {
  const [user, parameters] = await Promise.all([requirePageUser(paths().billing), searchParams]);
  // Before the other reads, since it may fetch a late payment from the processor.
  const checkout = await returnedCheckout(user.id, parameters.checkout);
  const [{ locale }, usage, decisions] = await Promise.all([
    requestLocale(),
    usageOf(user.id),
    gateway().decisions(user.id, decisionsToLoad(ACTIVITY_LINES)),
  ]);
  // After the usage, since reading it advances windows that have ended.
  const notices = await noticesOf(user.id);
  const subscriptions = usage.subscriptions.toSorted(byUrgency);
  const changeOutcome = readChangeOutcome(parameters, subscriptions);
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
        {changeOutcome && <ChangeOutcomeNotice outcome={changeOutcome} />}
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
        <ActivityList decisions={decisions} most={ACTIVITY_LINES} now={usage.now} />
        <InvoicesSection version={subscriptions.map(subscriptionFingerprint).join(" ")}>
          <Invoices userId={user.id} now={usage.now} locale={locale} most={INVOICE_LINES} />
        </InvoicesSection>
      </div>
      <LivePage usage={usage} pending={checkout?.status === "activating" || changeOutcome === "pending"} />
    </>
  );
}
