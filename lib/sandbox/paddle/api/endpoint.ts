/** The type of an endpoint, and parameters that several endpoints share. */
import { z } from "zod";
import { isoInstant, prose } from "@/lib/core/text";
import type { AccountState, Adjustment, PaddleStep, Subscription, Transaction } from "../account-state";
import { notFound } from "../problem";

/** The accounts of a request: that of an object, a new one for this user, or those of several objects. */
export type Target = { object: string } | { new: { userId: string | null } } | { all: readonly string[] };

export interface Endpoint<Params = unknown> {
  method: "GET" | "POST" | "PATCH";
  /** `:id` stands for one path segment. */
  path: string;
  /** The body; for GET, the query. */
  params: z.ZodType<Params>;
  of: (params: Params, id: string) => Target;
  /** Returns the answered entity, or one account's part of a list. If it throws a PaddleProblem, nothing changes. */
  run: (step: PaddleStep, params: Params, id: string) => object;
  status?: 201;
}

/** Keeps the parameters' type between `params` and `run`. */
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

/** Several values, separated by commas. */
export const several = text.transform((value) => value.split(","));
/** The parameters of a page; as at Paddle, a larger page size than `most` counts as `most`. */
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

/** The filters of a list. One of them must name an account's object. */
export interface AccountFilter {
  id?: string[] | undefined;
  customer_id?: string[] | undefined;
  subscription_id?: string[] | undefined;
}

export function accountsOf({ id = [], customer_id = [], subscription_id = [] }: AccountFilter): Target {
  return { all: [...id, ...customer_id, ...subscription_id] };
}

interface Kinds {
  subscriptions: Subscription;
  transactions: Transaction;
  adjustments: Adjustment;
}

/** @throws PaddleProblem if the account has no entity of that id */
export function find<K extends keyof Kinds>(state: AccountState, kind: K, id: string): Kinds[K] {
  const found = (state[kind] as Kinds[K][]).find((each) => each.id === id);
  if (found === undefined) throw notFound(id);
  return found;
}

/** @throws PaddleProblem if the account's customer is another, or does not exist yet */
export function requireCustomer({ customer }: AccountState, id: string): void {
  if (customer.id !== id || !customer.exists) throw notFound(id);
}
