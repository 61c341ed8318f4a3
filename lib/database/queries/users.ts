/** Users: profiles, lists and details. */
import { z } from "zod";
import { subscriptionViewSchema } from "@/lib/billing/schemas/usage-view";
import { TRANSITION_KINDS } from "@/lib/billing/types";
import type { Call } from "./call";
import { count, interval, processor, timestamp } from "./columns";
import { decisionRow } from "./decision-row";

/** Amounts by field. The keys are field names, so the conversion to camelCase is undone. */
const amounts = z
  .record(z.string(), count)
  .transform((named) =>
    Object.fromEntries(
      Object.entries(named).map(([key, value]) => [
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        value,
      ]),
    ),
  );

const profile = z.object({ userId: z.string(), email: z.string().nullable(), name: z.string().nullable() });

const userRow = z.object({
  userId: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  createdAt: timestamp,
});

const windowRow = z.object({
  product: z.string(),
  source: z.string(),
  openedAt: timestamp,
  windowStart: timestamp,
  windowEnd: timestamp,
  transitionKind: z.enum(TRANSITION_KINDS),
  reason: z.string(),
  opening: amounts,
  credited: amounts.nullable(),
  unpaidHeld: amounts.nullable(),
});
export type WindowRow = z.infer<typeof windowRow>;

const userDetail = userRow.extend({
  decisions: z.array(decisionRow),
  windows: z.array(windowRow),
  periods: z.array(
    z.object({
      product: z.string(),
      source: z.string(),
      start: timestamp,
      end: timestamp,
      plan: z.string(),
      interval,
      trial: z.boolean(),
      paid: z.boolean(),
      paidInFull: z.boolean(),
    }),
  ),
  overrides: z.array(
    z.object({
      field: z.string(),
      limit: count,
      /** null: no end. */
      expiresAt: timestamp.nullable(),
      grantedBy: z.string(),
      reason: z.string().nullable(),
      createdAt: timestamp,
    }),
  ),
  links: z.array(z.object({ processor, kind: z.string(), externalId: z.string(), source: z.string() })),
  notes: z.array(
    z.object({
      kind: z.string(),
      processor: z.string(),
      eventId: z.string(),
      amount: count.nullable(),
      currency: z.string().nullable(),
      detail: z.string().nullable(),
      at: timestamp,
    }),
  ),
});
export type UserDetail = z.infer<typeof userDetail>;

export interface UserFilter {
  search?: string | undefined;
  product?: string | undefined;
  plan?: string | undefined;
  status?: string | undefined;
}

export function userQueries(call: Call) {
  return {
    ensureUser: (userId: string, email: string | null, name: string | null) =>
      call(profile, "ensure_user", { p_user_id: userId, p_email: email, p_name: name }),

    /** Like `ensureUser`, but null and without effect within a minute after the account's erasure. */
    storeProfile: (userId: string, email: string | null, name: string | null) =>
      call(profile.nullable(), "store_profile", { p_user_id: userId, p_email: email, p_name: name }),

    /** A page of users after `after`, by user id. */
    users: (filter: UserFilter, after: string, limit: number) =>
      call(
        z.object({
          users: z.array(userRow.extend({ subscriptions: z.array(subscriptionViewSchema) })),
          next: z.string().nullable(),
        }),
        "list_users",
        { p_filter: filter, p_after: after, p_limit: limit },
      ),

    userDetail: (userId: string, decisions: number) =>
      call(userDetail, "user_detail", { p_user_id: userId, p_decisions: decisions }),
  };
}
