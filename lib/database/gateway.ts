/**
 * Every access to the database: one typed method per Postgres function, which parses the result. Each function's file
 * in supabase/schemas/functions names its atomic writes, its locks and its errors.
 */

import { accountQueries } from "./queries/accounts";
import { attemptQueries } from "./queries/attempts";
import { auditQueries } from "./queries/audit";
import { billingAccountQueries } from "./queries/billing-accounts";
import { callOver } from "./queries/call";
import { checkoutQueries } from "./queries/checkouts";
import { deliveryQueries } from "./queries/deliveries";
import { duplicateCheckoutQueries } from "./queries/duplicate-checkouts";
import { gaugeQueries } from "./queries/gauges";
import { healthQueries } from "./queries/health";
import { hourQueries } from "./queries/hours";
import { inboxQueries } from "./queries/inbox";
import { jobQueries } from "./queries/jobs";
import { linkQueries } from "./queries/links";
import { metricQueries } from "./queries/metrics";
import { noticeQueries } from "./queries/notices";
import { priceQueries } from "./queries/prices";
import { sandboxQueries } from "./queries/sandbox";
import { subscriptionQueries } from "./queries/subscriptions";
import { timelineQueries } from "./queries/timelines";
import { upkeepQueries } from "./queries/upkeep";
import { usageQueries } from "./queries/usage";
import { userQueries } from "./queries/users";
import { webhookEventQueries } from "./queries/webhook-events";
import type { Transport } from "./transports/transport";

export type { LedgerRow } from "./queries/accounts";
export type { CountedAttempt } from "./queries/attempts";

export type { BillingAccounts, LinkedCustomer } from "./queries/billing-accounts";
export type { StoredCheckout } from "./queries/checkouts";
export type { DecisionRow } from "./queries/decision-row";
export type { EventPlan, Received } from "./queries/deliveries";
export type { CheckoutKey, DuplicateCheckout, OngoingSubscription } from "./queries/duplicate-checkouts";
export type { HourDrift, HoursToSum } from "./queries/hours";
export type { EventOutcome, EventState, WaitingKey } from "./queries/inbox";
export type { FormerUser } from "./queries/links";
export type { BillingMetrics, UsageFigures } from "./queries/metrics";
export type { SandboxAccount, SandboxClock } from "./queries/sandbox";
export type { ComparisonKey, LiveSubscription } from "./queries/subscriptions";
export type { Checkpoints } from "./queries/timeline-document";
export type { Difference, DueChange, LoadedTimeline, MovePart } from "./queries/timelines";
export type { Drift } from "./queries/upkeep";
export type { ChargeSum, FieldState, OrderedCharge } from "./queries/usage";
export type { UserDetail, WindowRow } from "./queries/users";
export type { EventCursor, EventDetail, EventRow } from "./queries/webhook-events";

export type Gateway = ReturnType<typeof createGateway>;

/** The methods over one transport. Each throws DatabaseError. */
export function createGateway(transport: Transport) {
  const call = callOver(transport);
  return {
    ...accountQueries(call),
    ...attemptQueries(call),
    ...auditQueries(call),
    ...billingAccountQueries(call),
    ...checkoutQueries(call),
    ...deliveryQueries(call),
    ...duplicateCheckoutQueries(call),
    ...gaugeQueries(call),
    ...healthQueries(call),
    ...hourQueries(call),
    ...inboxQueries(call),
    ...jobQueries(call),
    ...linkQueries(call),
    ...metricQueries(call),
    ...noticeQueries(call),
    ...priceQueries(call),
    ...sandboxQueries(call),
    ...subscriptionQueries(call),
    ...timelineQueries(call),
    ...upkeepQueries(call),
    ...usageQueries(call),
    ...userQueries(call),
    ...webhookEventQueries(call),
    /** Calls a function of the installation's own. */
    call,
    /** This process's connections; null if the transport has no pool. */
    pool: () => transport.pool?.() ?? null,
    end: () => transport.end(),
  };
}
