import type { Metadata } from "next";
import { gateway } from "@/lib/database";
import { noticesOf } from "@/lib/notices";
import { byUrgency, NoticeList, pageUser, reader, SubscriptionCard, summary, Trail } from "@/lib/ui";
import { usageOf } from "@/lib/usage";

export const metadata: Metadata = { title: "Billing" };

const TRAIL_LINES = 5;

export default async function BillingPage() {
  const user = await pageUser("/billing");
  const [{ locale }, usage, decisions] = await Promise.all([
    reader(),
    usageOf(user.id),
    gateway().decisions(user.id, TRAIL_LINES),
  ]);
  // After the look at the usage, which turns the windows that are over.
  const notices = await noticesOf(user.id);
  const subscriptions = usage.subscriptions.toSorted(byUrgency);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Billing</h1>
      <p className="mt-1 text-pretty text-muted">{summary({ subscriptions }, locale)}</p>
      <div className="mt-6 space-y-6">
        {subscriptions.map((subscription) => (
          <SubscriptionCard key={subscription.product} subscription={subscription} now={usage.now} locale={locale} />
        ))}
      </div>
      <div className="mt-10 space-y-10">
        <NoticeList notices={notices} now={usage.now} />
        <Trail decisions={decisions} now={usage.now} />
      </div>
    </>
  );
}
