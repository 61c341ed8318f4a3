import { env } from "@/lib/env";
import { createGateway, type Gateway } from "./gateway";
import { postgresTransport } from "./postgres";
import { supabaseTransport } from "./supabase";
import type { Transport } from "./transport";

export { DatabaseError } from "./errors";
export type {
  ChargeSum,
  Chatbot,
  CommitResult,
  Difference,
  Drift,
  DueChange,
  EventOutcome,
  EventState,
  FieldState,
  Gateway,
  LedgerRow,
  LinkedCustomer,
  OrderedCharge,
  Payers,
  SandboxAccount,
  SandboxClock,
  StoredCheckout,
} from "./gateway";

/** Kept beside the modules, which Next's development server loads again with every change. */
const kept = globalThis as typeof globalThis & { tollgateGateway?: Gateway };

/**
 * The process's gateway, over the transport that the environment chooses.
 * @throws Error where no database is configured
 */
export function gateway(): Gateway {
  kept.tollgateGateway ??= createGateway(chosenTransport());
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
