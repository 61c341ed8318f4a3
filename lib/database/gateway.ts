/**
 * Every access to the database: one typed method a Postgres function, its result parsed. What is atomic, what is
 * locked and which errors come is written in the function's own file in supabase/schemas/functions.
 */
import { z } from "zod";
import { accountMethods } from "./queries/accounts";
import { adminMethods } from "./queries/admin";
import { callOver } from "./queries/call";
import { inboxMethods } from "./queries/inbox";
import { measureMethods } from "./queries/measures";
import { noticeMethods } from "./queries/notices";
import { purchaseMethods } from "./queries/purchases";
import { sandboxMethods } from "./queries/sandbox";
import { timelineMethods } from "./queries/timelines";
import { upkeepMethods } from "./queries/upkeep";
import { usageMethods } from "./queries/usage";
import type { Transport } from "./transports/transport";

export type { CountedAttempt, LedgerRow } from "./queries/accounts";
export type {
  AdminAct,
  DecisionLine,
  EventCursor,
  EventFilter,
  EventLine,
  EventStory,
  LiveSubscription,
  PeopleFilter,
  ServiceHealth,
  UserStory,
  WindowLine,
} from "./queries/admin";
export type { EventOutcome, EventState, FormerUser } from "./queries/inbox";
export type { BillingMeasures } from "./queries/measures";
export type { LinkedCustomer, Payers, StoredCheckout } from "./queries/purchases";
export type { SandboxAccount, SandboxClaim, SandboxClock, SandboxCommit } from "./queries/sandbox";
export type { CommitInput, CommitResult, Difference, DueChange, MoveInput, MovePart } from "./queries/timelines";
export type { Drift } from "./queries/upkeep";
export type { ChargeSum, Chatbot, FieldState, OrderedCharge } from "./queries/usage";

export type Gateway = ReturnType<typeof createGateway>;

/** The methods over one transport. Each throws DatabaseError. */
export function createGateway(transport: Transport) {
  const call = callOver(transport);
  return {
    ping: () => call(z.object({ ok: z.literal(true) }), "ping", {}),
    ...usageMethods(call),
    ...upkeepMethods(call),
    ...inboxMethods(call),
    ...timelineMethods(call),
    ...accountMethods(call),
    ...purchaseMethods(call),
    ...sandboxMethods(call),
    ...noticeMethods(call),
    ...measureMethods(call),
    ...adminMethods(call),
    /** The connections of this process; null where the transport keeps none. */
    pool: () => transport.pool?.() ?? null,
    end: () => transport.end(),
  };
}
