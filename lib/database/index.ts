import { env } from "@/lib/core/env";
import { singleton } from "@/lib/core/singleton";
import { createGateway, type Gateway } from "./gateway";
import { withMetrics } from "./transports/metrics";
import { limitedPerUser } from "./transports/per-user";
import { postgresTransport } from "./transports/postgres";
import { supabaseTransport } from "./transports/supabase";
import type { Transport } from "./transports/transport";

export { DatabaseError, isContention } from "./errors";
export type {
  BillingAccounts,
  BillingMetrics,
  ChargeSum,
  CheckoutKey,
  Checkpoints,
  ComparisonKey,
  CountedAttempt,
  DecisionRow,
  Difference,
  Drift,
  DueChange,
  DuplicateCheckout,
  EventCursor,
  EventDetail,
  EventOutcome,
  EventPlan,
  EventRow,
  EventState,
  FieldState,
  FormerUser,
  Gateway,
  HourDrift,
  HoursToSum,
  LedgerRow,
  LinkedCustomer,
  LiveSubscription,
  LoadedTimeline,
  MovePart,
  OngoingSubscription,
  OrderedCharge,
  Received,
  SandboxAccount,
  SandboxClock,
  StoredCheckout,
  UsageFigures,
  UserDetail,
  WaitingKey,
  WindowRow,
} from "./gateway";

const provider = singleton("gateway-provider", (): { make?: () => Gateway } => ({}));

/**
 * Registers the function that creates the process's gateway. `lib/server` calls this at start and adds the layers that
 * the database must not import.
 */
export function provideGateway(make: () => Gateway): void {
  provider.make = make;
}

/**
 * The process's gateway; it connects at the first call.
 * @throws Error if none was provided: a gateway made here would not invalidate caches
 */
export function gateway(): Gateway {
  return singleton("gateway", () => {
    if (provider.make === undefined) throw new Error("No database is provided: the server's start has not run.");
    return provider.make();
  });
}

/**
 * A gateway over the configured transport. `DATABASE_URL` takes precedence over Supabase's `rpc`, since it is faster
 * and optional.
 * @throws Error if no database is configured
 */
export function configuredGateway(): Gateway {
  return createGateway(withMetrics(limitedPerUser(configuredTransport())));
}

function configuredTransport(): Transport {
  const { database, supabase } = env();
  if (database.url !== undefined) return postgresTransport(database.url);
  const { url, secretKey } = supabase;
  if (url !== undefined && secretKey !== undefined) return supabaseTransport({ url, secretKey });
  throw new Error("No database: set DATABASE_URL, or SUPABASE_URL and SUPABASE_SECRET_KEY.");
}
