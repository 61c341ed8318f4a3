import type { Metadata } from "next";
import { gateway } from "@/lib/database";
import { byUrgency, pageUser, reader, SubscriptionCard, summary, Trail } from "@/lib/ui";
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
      <div className="mt-10">
        <Trail decisions={decisions} now={usage.now} />
      </div>
    </>
  );
}
