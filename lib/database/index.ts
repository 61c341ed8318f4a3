import { entitlementCache, withNews } from "@/lib/cache";
import { env } from "@/lib/env";
import { createGateway, type Gateway } from "./gateway";
import { measuredTransport } from "./measured";
import { postgresTransport } from "./postgres";

export { DatabaseError } from "./errors";
export type {
  AdminAct,
  BillingMeasures,
  ChargeSum,
  Chatbot,
  CommitResult,
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
  Gateway,
  LiveSubscription,
  OrderedCharge,
  PeopleFilter,
  ServiceHealth,
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
  kept.tollgateGateway ??= withNews(createGateway(measuredTransport(chosenTransport())), entitlementCache());
  return kept.tollgateGateway;
}

function chosenTransport() {
  const { url } = env().database;
  if (url === undefined) throw new Error("No database: set DATABASE_URL.");
  return postgresTransport(url);
}
