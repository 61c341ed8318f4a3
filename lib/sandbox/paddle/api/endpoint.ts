/** How an endpoint of the played API is written, and the pieces of parameters that several share. */
import { z } from "zod";
import { isoInstant, prose } from "@/lib/core/text";
import type { AccountState, Adjustment, PaddleStep, Subscription, Transaction } from "../account-state";
import { notFound } from "../problem";

/** Which accounts a request is about: the one that has an object, a new one for this user, or all that have one of these. */
export type Target = { object: string } | { new: { userId: string | null } } | { all: readonly string[] };

export interface Endpoint<Params = unknown> {
  method: "GET" | "POST" | "PATCH";
  /** `:id` stands for one path segment. */
  path: string;
  /** Of the body, or of the query where the method is GET. */
  params: z.ZodType<Params>;
  of: (params: Params, id: string) => Target;
  /** The entity that is answered; a list's own part of it, where the target is `all`. Throws PaddleProblem: then nothing has happened. */
  run: (step: PaddleStep, params: Params, id: string) => object;
  status?: 201;
}

/** Keeps the parameters' type between the schema and the act. */
export function endpoint<Params>(spec: Endpoint<Params>): Endpoint {
  return spec as unknown as Endpoint;
}

/** The account of the object that the path names. */
export const byPath = (_: unknown, id: string): Target => ({ object: id });

export const nothing = z.strictObject({});
export const text = prose({ max: 2_000 });
export const customData = z.record(prose({ max: 500 }), prose({ min: 0, max: 50_000 })).nullish();
export const quantity = z.number().int().min(1).max(100);
export const items = z
  .array(z.strictObject({ price_id: text, quantity }))
  .min(1)
  .max(100);
export const instant = isoInstant("is an instant").transform((value) => Date.parse(value));

/** Several values stand in one, with commas. */
export const several = text.transform((value) => value.split(","));
/** Of a list; as at Paddle, more than the most entities per page gives the most. */
export const page = (most: number, usual = Math.min(most, 50)) => ({
  after: text.optional(),
  order_by: z.enum(["id[DESC]", "id[ASC]"]).optional(),
  per_page: z.coerce
    .number()
    .int()
    .min(1)
    .default(usual)
    .transform((asked) => Math.min(asked, most)),
});

/** What a list is asked for; at least one of these says whose it is, since no account's things are another's. */
export interface Whose {
  id?: string[] | undefined;
  customer_id?: string[] | undefined;
  subscription_id?: string[] | undefined;
}

export function accountsOf({ id = [], customer_id = [], subscription_id = [] }: Whose): Target {
  return { all: [...id, ...customer_id, ...subscription_id] };
}

interface Kinds {
  subscriptions: Subscription;
  transactions: Transaction;
  adjustments: Adjustment;
}

/** @throws PaddleProblem where the account has none of that id */
export function find<K extends keyof Kinds>(state: AccountState, kind: K, id: string): Kinds[K] {
  const found = (state[kind] as Kinds[K][]).find((each) => each.id === id);
  if (found === undefined) throw notFound(id);
  return found;
}

/** @throws PaddleProblem where the account's customer is another, or nobody yet */
export function requireCustomer({ customer }: AccountState, id: string): void {
  if (customer.id !== id || !customer.exists) throw notFound(id);
}
