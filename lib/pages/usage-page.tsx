import type { Metadata } from "next";
import { paths } from "@/lib/config/current-catalog";
import { gateway } from "@/lib/database";
import {
  ActivityList,
  byUrgency,
  decisionsToLoad,
  HISTORY_DAYS,
  LivePage,
  PeriodPicker,
  ProductHistory,
  periodId,
  requestLocale,
  requirePageUser,
} from "@/lib/ui";
import { type SubscriptionView, usageHistory, usageOf } from "@/lib/usage";

export const metadata: Metadata = { title: "Usage" };

const ACTIVITY_LINES = 20;

interface UsagePageProps {
  searchParams: Promise<{ period?: string | string[] }>;
}

export default async function UsagePage({ searchParams }: UsagePageProps) {
  const [user, { period }] = await Promise.all([requirePageUser(paths().usage), searchParams]);
  const [{ locale }, usage, decisions] = await Promise.all([
    requestLocale(),
    usageOf(user.id),
    gateway().decisions(user.id, decisionsToLoad(ACTIVITY_LINES)),
  ]);
  const subscriptions = usage.subscriptions.toSorted(byUrgency);
  const histories = await Promise.all(subscriptions.map((subscription) => historiesOf(user.id, subscription)));
  const shown = periodId(period);
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div>
          <h1 className="font-semibold text-2xl tracking-tight">Usage</h1>
          <p className="mt-1 text-pretty text-muted">Your usage by day, and how long it will last.</p>
        </div>
        <PeriodPicker current={shown} />
      </div>
      <div className="mt-6 space-y-6">
        {subscriptions.map((subscription, index) => (
          <ProductHistory
            key={subscription.product}
            subscription={subscription}
            histories={histories[index] ?? []}
            period={shown}
            now={usage.now}
            locale={locale}
          />
        ))}
      </div>
      <div className="mt-10">
        <ActivityList decisions={decisions} most={ACTIVITY_LINES} now={usage.now} />
      </div>
      <LivePage usage={usage} />
    </>
  );
}

type CounterField = Parameters<typeof usageHistory>[1];

/** The histories of the counters; a gauge has only its current number. */
function historiesOf(userId: string, { meters }: SubscriptionView) {
  const counters = meters.filter(({ kind }) => kind === "counter").map(({ field }) => field as CounterField);
  return Promise.all(counters.map((field) => usageHistory(userId, field, HISTORY_DAYS)));
}
