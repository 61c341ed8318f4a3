/** State of the fake processors: accounts, outbox and clocks. Only lib/sandbox uses it. */
import { z } from "zod";
import type { Instant, Processor } from "@/lib/billing/types";
import { type Call, iso } from "./call";
import { count, processor } from "./columns";

const instant = z.iso.datetime().transform(Date.parse);
/** Text that the sandbox wrote: its keys are the processor's and must not become camelCase. */
const document = z.string().transform((text): unknown => JSON.parse(text));

const account = z.object({ accountId: z.string(), revision: count, state: document, now: instant });
export type SandboxAccount = z.infer<typeof account>;

const claim = z.object({
  processor,
  accountId: z.string(),
  events: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      raw: z.string().transform((hex) => Buffer.from(hex, "hex")),
      attempts: count,
    }),
  ),
});
/** Events are due, but another transaction locks their account's row; the caller claims again. */
const busy = z.object({ busy: z.literal(true) });

const clock = z.object({
  now: instant,
  /** The latest instant in the user's data; null for a user without data. */
  happenedAt: instant.nullable(),
  /** The end of the nearest paid period. */
  periodEnd: instant.nullable(),
  nextReset: instant.nullable(),
  due: z.object({ processor, accountId: z.string(), at: instant }).nullable(),
});
export type SandboxClock = z.infer<typeof clock>;

export interface SandboxCommit {
  processor: Processor;
  accountId: string;
  /** The revision that was loaded; 0 creates the account. */
  revision: number;
  userId: string | null;
  state: unknown;
  dueAt: Instant | null;
  asOf: Instant;
  /** Ids that are new in this commit. */
  objects: readonly string[];
  events: readonly { id: string; type: string; at: Instant; raw: string }[];
  /** The answer to store under the request's idempotency key. */
  request: { key: string; fingerprint: string; status: number; body: unknown } | null;
}

export function sandboxQueries(call: Call) {
  return {
    loadSandboxAccount: (of: Processor, objectId: string) =>
      call(account.nullable(), "sandbox_load_account", { p_processor: of, p_object_id: objectId }),

    commitSandboxAccount: (commit: SandboxCommit) =>
      call(z.object({ committed: z.boolean() }), "sandbox_commit_account", {
        p_processor: commit.processor,
        p_account_id: commit.accountId,
        p_revision: commit.revision,
        p_user_id: commit.userId,
        p_state: commit.state,
        p_due_at: iso(commit.dueAt),
        p_as_of: iso(commit.asOf),
        p_objects: commit.objects,
        p_events: commit.events.map(({ raw, at, ...event }) => ({
          ...event,
          at: iso(at),
          raw: Buffer.from(raw).toString("hex"),
        })),
        p_request: commit.request,
      }),

    loadSandboxRequest: (of: Processor, key: string) =>
      call(
        z.object({ fingerprint: z.string(), status: count, body: document, at: instant }).nullable(),
        "sandbox_load_request",
        { p_processor: of, p_key: key },
      ),

    /** One account's due events; `busy` if its row is locked; null if none is due or another deliverer has them. */
    claimSandboxEvents: (limit: number, of: { processor: Processor; accountId: string } | null) =>
      call(z.union([claim, busy]).nullable(), "sandbox_claim_events", {
        p_limit: limit,
        p_processor: of?.processor ?? null,
        p_account_id: of?.accountId ?? null,
      }),

    /** @param result `again`: milliseconds until the next attempt, null if the event was accepted */
    finishSandboxEvent: (
      of: Processor,
      eventId: string,
      { status, again, last }: { status: number | null; again: number | null; last: boolean },
    ) =>
      call(z.object({ delivered: z.boolean() }), "sandbox_finish_event", {
        p_processor: of,
        p_event_id: eventId,
        p_status: status,
        p_again: again === null ? null : `${again} milliseconds`,
        p_last: last,
      }),

    /** The number of the account's events without an attempt. */
    undeliveredSandboxEvents: (of: { processor: Processor; accountId: string }) =>
      call(z.object({ waiting: count }), "sandbox_undelivered", {
        p_processor: of.processor,
        p_account_id: of.accountId,
      }),

    /** The number of events that the fake processors have sent about a user. */
    countSandboxEvents: (userId: string) =>
      call(z.object({ sent: count }), "sandbox_count_events", { p_user_id: userId }),

    dueSandboxAccounts: (limit: number) =>
      call(z.array(z.object({ processor, accountId: z.string() })), "sandbox_due_accounts", { p_limit: limit }),

    sandboxClock: (userId: string) => call(clock, "sandbox_clock", { p_user_id: userId }),

    /** Moves a user's clock forward, never back. */
    advanceSandboxClock: (userId: string, to: Instant) =>
      call(z.object({ now: instant }), "sandbox_advance_clock", { p_user_id: userId, p_to: iso(to) }),

    /** Sets one user's clock; null restores the real time. */
    setSandboxClock: (userId: string, to: Instant | null) =>
      call(z.object({ now: z.iso.datetime() }), "set_sandbox_clock", { p_user_id: userId, p_to: iso(to) }),

    loadSandboxEvent: (of: Processor, eventId: string) =>
      call(document.nullable(), "sandbox_load_event", { p_processor: of, p_event_id: eventId }),

    listSandboxEvents: (of: Processor, after: string | null, types: readonly string[] | null, limit: number) =>
      call(z.array(document), "sandbox_list_events", {
        p_processor: of,
        p_after: after,
        p_types: types,
        p_limit: limit,
      }),
  };
}
