/** Compares one stored subscription with its processor, and repairs it. */
import { sameInstant } from "@/lib/billing/timeline/calendar";
import type { Instant, Processor, SnapshotFact, SubscriptionState } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import type { Gateway, LiveSubscription } from "@/lib/database";
import { fetchAndCommit } from "@/lib/webhooks/refresh";
import type { FetchedSubscription, FetchSubscription } from "./fetch-subscription";
import type { FieldDifference } from "./field-difference";
import { compareRecords } from "./reconcile-records";

/**
 * `not_found`: the processor has no such subscription. It is only reported: with a wrong API key no subscription is found, and
 * a repair would end all plans. `unknown_price`: the processor has it, but the catalog lists none of its prices.
 */
export interface SubscriptionFinding {
  userId: string;
  product: string;
  processor: Processor;
  subscription: string;
  finding: "different" | "not_found" | "unknown_price";
  differences: FieldDifference[];
  repaired: boolean;
}

export interface Comparison {
  found: SubscriptionFinding | "same" | "unreachable";
  recordsUnread?: boolean;
}

/** Compares one subscription, and repairs it. */
export async function reconcileOne(
  gateway: Gateway,
  fetch: FetchSubscription,
  stored: LiveSubscription,
  repair: boolean,
): Promise<Comparison> {
  const { userId, product, processor, subscription } = stored;
  const unrepaired = { userId, product, processor, subscription, differences: [], repaired: false };
  const fetched = await fetch({ processor, subscription });
  if (fetched === "unreachable") return { found: fetched };
  if (fetched === "not_found") return { found: { ...unrepaired, finding: "not_found" } };
  const recordsUnread = fetched.records === null;
  const part = fetched.facts.find((entry) => entry.product === product);
  if (part === undefined) {
    const added = repair && (await repairOne(gateway, fetch, stored)).outcome === "added";
    return { found: { ...unrepaired, finding: "unknown_price", repaired: added }, recordsUnread };
  }
  const subject = { userId, processor, subscription, product: part.product };
  const differences = [
    ...compare(stored, part.fact),
    ...(await compareRecords(gateway, subject, { fact: part.fact, records: fetched.records })),
  ];
  if (differences.length === 0) return { found: "same", recordsUnread };
  const latest = repair ? (await repairOne(gateway, fetch, stored)).latest : undefined;
  const latestPart = latest?.facts.find((entry) => entry.product === product);
  const repaired =
    latest !== undefined &&
    latestPart !== undefined &&
    (await isRepaired(gateway, subject, { ...latestPart, records: latest.records }));
  return { found: { ...unrepaired, finding: "different", differences, repaired }, recordsUnread };
}

/** The fields that differ between the stored and the fetched subscription. Instants up to a second apart are equal. */
function compare(stored: LiveSubscription, { changeType, state }: SnapshotFact): FieldDifference[] {
  const status = changeType === "deleted" ? "canceled" : state.status;
  const fields = [
    // An unlisted price gives no plan to compare.
    ...(state.plan === null
      ? []
      : [text("plan", stored.plan, state.plan), text("interval", stored.interval, state.interval)]),
    text("status", stored.status, status),
    ...(hasPeriod(state) && status !== "canceled"
      ? [
          instant("periodStart", stored.periodStart, state.periodStart),
          instant("periodEnd", stored.periodEnd, state.periodEnd),
        ]
      : []),
    ...(status === "canceled" ? [] : [instant("cancelAt", stored.cancelAt, state.cancelAt)]),
  ];
  return fields.filter((field) => field !== null);
}

/** Paddle returns no period for a paused subscription; the stored period stays. */
function hasPeriod({ periodStart, periodEnd }: SubscriptionState): boolean {
  return periodStart !== null && periodEnd !== null;
}

function text(field: FieldDifference["field"], here: string | null, there: string | null): FieldDifference | null {
  return here === there ? null : { field, here, there };
}

function instant(field: FieldDifference["field"], here: string | null, at: Instant | null): FieldDifference | null {
  return sameInstant(here === null ? null : Date.parse(here), at)
    ? null
    : { field, here, there: at === null ? null : new Date(at).toISOString() };
}

/**
 * Fetches a differing subscription again and stores it as a fact. The first fetch may be older than an event that arrived
 * meanwhile.
 */
async function repairOne(
  gateway: Gateway,
  fetch: FetchSubscription,
  { userId, processor, subscription }: LiveSubscription,
) {
  let latest: FetchedSubscription | undefined;
  const fetchAgain = async () => {
    const fetched = await fetch({ processor, subscription }, "again");
    if (typeof fetched === "string") return null;
    const { facts, shared = null, timestampSource, records } = fetched;
    latest = fetched;
    return { facts, shared, timestampSource, ...records };
  };
  const subject = { userId, processor, subscription, type: "subscription.fetched" } as const;
  const outcome = await fetchAndCommit(subject, fetchAgain, gateway);
  return { outcome, latest };
}

/** Compares again. False if a newer fact than the fetched one arrived meanwhile, since the newer one applies. */
async function isRepaired(
  gateway: Gateway,
  subject: Pick<LiveSubscription, "userId" | "processor" | "subscription"> & { product: ProductId },
  fetched: Pick<FetchedSubscription, "records"> & { fact: SnapshotFact },
): Promise<boolean> {
  const { userId, product, processor, subscription } = subject;
  const stored = (await gateway.liveSubscriptions(userId)).find(
    (each) => each.product === product && each.processor === processor && each.subscription === subscription,
  );
  if (stored === undefined) return fetched.fact.changeType === "deleted" || fetched.fact.state.status === "canceled";
  if (compare(stored, fetched.fact).length > 0) return false;
  return (await compareRecords(gateway, subject, fetched)).length === 0;
}
