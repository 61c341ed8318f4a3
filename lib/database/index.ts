import { env } from "@/lib/env";
import { createGateway, type Gateway } from "./gateway";
import { measuredTransport } from "./transports/measured";
import { sharedByUsers } from "./transports/per-user";
import { postgresTransport } from "./transports/postgres";
import { supabaseTransport } from "./transports/supabase";
import type { Transport } from "./transports/transport";

export { DatabaseError } from "./errors";
export type {
  AdminAct,
  BillingAccounts,
  BillingMeasures,
  ChargeSum,
  Chatbot,
  CommitResult,
  CountedAttempt,
  DecisionRow,
  Difference,
  Drift,
  DueChange,
  EventCursor,
  EventDetail,
  EventFilter,
  EventOutcome,
  EventRow,
  EventState,
  FieldState,
  FormerUser,
  Gateway,
  LedgerRow,
  LinkedCustomer,
  LiveSubscription,
  MovePart,
  OrderedCharge,
  SandboxAccount,
  SandboxClock,
  ServiceHealth,
  StoredCheckout,
  UserDetail,
  UserFilter,
  WindowRow,
} from "./gateway";

/** Kept beside the modules, which Next's development server loads again with every change. */
const kept = globalThis as typeof globalThis & { tollgateGateway?: Gateway; tollgateMakeGateway?: () => Gateway };

/** Names what makes the process's gateway, once, when the server starts: `lib/server` adds what the database must not know. */
export function provideGateway(make: () => Gateway): void {
  kept.tollgateMakeGateway = make;
}

/**
 * The process's gateway; it connects at the first call.
 * @throws Error if none was provided: a gateway of its own would leave caches as they were
 */
export function gateway(): Gateway {
  const { tollgateMakeGateway: make } = kept;
  if (kept.tollgateGateway === undefined && make === undefined) {
    throw new Error("No database is provided: the server's start has not run.");
  }
  kept.tollgateGateway ??= make?.() as Gateway;
  return kept.tollgateGateway;
}

/**
 * A gateway over the transport that the environment chooses. `DATABASE_URL` wins over Supabase's `rpc`: it is faster, and who
 * set it beside the keys meant it.
 * @throws Error if no database is configured
 */
export function configuredGateway(): Gateway {
  return createGateway(measuredTransport(sharedByUsers(chosenTransport())));
}

function chosenTransport(): Transport {
  const { database, supabase } = env();
  if (database.url !== undefined) return postgresTransport(database.url);
  const { url, secretKey } = supabase;
  if (url !== undefined && secretKey !== undefined) return supabaseTransport({ url, secretKey });
  throw new Error("No database: set DATABASE_URL, or SUPABASE_URL and SUPABASE_SECRET_KEY.");
}
