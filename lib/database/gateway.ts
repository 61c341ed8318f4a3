/**
 * Every access to the database: one typed method a Postgres function, its result parsed. What is atomic, what is
 * locked and which errors come is written in the function's own file in supabase/schemas/functions.
 */
import { z } from "zod";
import { accountMethods } from "./account-methods";
import { adminMethods } from "./admin-methods";
import { callOver } from "./call";
import { inboxMethods } from "./inbox-methods";
import { measureMethods } from "./measure-methods";
import { noticeMethods } from "./notice-methods";
import { purchaseMethods } from "./purchase-methods";
import { sandboxMethods } from "./sandbox-methods";
import { timelineMethods } from "./timeline-methods";
import type { Transport } from "./transport";
import { upkeepMethods } from "./upkeep-methods";
import { usageMethods } from "./usage-methods";

export type { CountedAttempt, LedgerRow } from "./account-methods";
export type {
  AuditEntry,
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
} from "./admin-methods";
export type { EventOutcome, EventState, FormerUser } from "./inbox-methods";
export type { BillingMeasures } from "./measure-methods";
export type { LinkedCustomer, Payers, StoredCheckout } from "./purchase-methods";
export type { SandboxAccount, SandboxClaim, SandboxClock, SandboxCommit } from "./sandbox-methods";
export type { CommitInput, CommitResult, Difference, DueChange, MoveInput, MovePart } from "./timeline-methods";
export type { Drift } from "./upkeep-methods";
export type { ChargeSum, Chatbot, FieldState, OrderedCharge } from "./usage-methods";

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
