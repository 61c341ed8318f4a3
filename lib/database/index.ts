import { entitlementCache, withNews } from "@/lib/cache";
import { env } from "@/lib/env";
import { createGateway, type Gateway } from "./gateway";
import { measuredTransport } from "./measured";
import { sharedByUsers } from "./per-user";
import { postgresTransport } from "./postgres";
import { supabaseTransport } from "./supabase";
import type { Transport } from "./transport";

export { DatabaseError } from "./errors";
export type {
  AdminAct,
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

/** Kept beside the modules, which Next's development server loads again with every change. */
const kept = globalThis as typeof globalThis & { tollgateGateway?: Gateway };

/**
 * The process's gateway, over the transport that the environment chooses.
 * @throws Error where no database is configured
 */
export function gateway(): Gateway {
  kept.tollgateGateway ??= withNews(
    createGateway(measuredTransport(sharedByUsers(chosenTransport()))),
    entitlementCache(),
  );
  return kept.tollgateGateway;
}

/** `DATABASE_URL` wins over Supabase's `rpc`: it is faster, and whoever set it beside the keys meant it. */
function chosenTransport(): Transport {
  const { database, supabase } = env();
  if (database.url !== undefined) return postgresTransport(database.url);
  const { url, secretKey } = supabase;
  if (url !== undefined && secretKey !== undefined) return supabaseTransport({ url, secretKey });
  throw new Error("No database: set DATABASE_URL, or SUPABASE_URL and SUPABASE_SECRET_KEY.");
}
