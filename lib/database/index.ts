import { env } from "@/lib/env";
import { singleton } from "@/lib/singleton";
import { createGateway, type Gateway } from "./gateway";
import { measuredTransport } from "./measured";
import { sharedByUsers } from "./per-user";
import { postgresTransport } from "./postgres";
import { supabaseTransport } from "./supabase";
import type { Transport } from "./transport";

export { DatabaseError } from "./errors";
export type {
  AuditEntry,
  BillingMeasures,
  ChargeSum,
  Chatbot,
  CommitResult,
  CountedAttempt,
  DecisionLine,
  Difference,
  Drift,
  DueChange,
  EventCursor,
  EventFilter,
  EventLine,
  EventOutcome,
  EventState,
  EventStory,
  FieldState,
  FormerUser,
  Gateway,
  LedgerRow,
  LinkedCustomer,
  LiveSubscription,
  MovePart,
  OrderedCharge,
  Payers,
  PeopleFilter,
  SandboxAccount,
  SandboxClock,
  ServiceHealth,
  StoredCheckout,
  UserStory,
  WindowLine,
} from "./gateway";

const provider = singleton("gateway-provider", (): { make?: () => Gateway } => ({}));

/** Names what makes the process's gateway, once, when the server starts: `lib/server` adds what the database must not know. */
export function provideGateway(make: () => Gateway): void {
  provider.make = make;
}

/**
 * The process's gateway; it connects at the first call.
 * @throws Error if none was provided: a gateway of its own would leave caches as they were
 */
export function gateway(): Gateway {
  return singleton("gateway", () => {
    if (provider.make === undefined) throw new Error("No database is provided: the server's start has not run.");
    return provider.make();
  });
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
