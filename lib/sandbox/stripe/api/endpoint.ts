/** How an endpoint of the played API is written, and the pieces of parameters that several share. */
import { z } from "zod";
import { prose } from "@/lib/text";
import type { Reply } from "../../accounts";
import { invalid, missing } from "../problem";
import type { Card, Invoice, Schedule, Session, StripeTurn, Subscription, World } from "../world";

/** Which account a request is about. */
export type Target =
  | { object: string; kind: string; param: string }
  /** A customer that does not exist yet; whose it will be is read from the parameters. */
  | { new: true };

export interface Endpoint<Params = unknown> {
  method: "GET" | "POST" | "DELETE";
  /** `:id` stands for one path segment. */
  path: string;
  params: z.ZodType<Params>;
  of: (params: Params, id: string) => Target;
  /** The object that is answered. Throws StripeProblem: then nothing has happened. */
  act: (turn: StripeTurn, params: Params, id: string) => object | Refused;
}

/** An answer that is a refusal, and what happened with it stays: a charge was tried and declined. */
export class Refused {
  constructor(readonly reply: Reply) {}
}

/** Keeps the parameters' type between the schema and the act. */
export function endpoint<Params>(spec: Endpoint<Params>): Endpoint {
  return spec as unknown as Endpoint;
}

/** The account of the object that the path names. */
export const byPath =
  (kind: string) =>
  (_: unknown, id: string): Target => ({ object: id, kind, param: "id" });

export const integer = z
  .string()
  .regex(/^-?\d+$/, "Invalid integer")
  .transform(Number);
export const count = z
  .string()
  .regex(/^\d{1,6}$/, "Invalid integer")
  .transform(Number);
export const instant = z
  .string()
  .regex(/^\d{1,11}$/, "Invalid timestamp: must be an integer Unix timestamp")
  .transform(Number);
export const flag = z.enum(["true", "false"], { error: "Invalid boolean" }).transform((value) => value === "true");
export const unset = z.literal("");
export const metadata = z.record(prose({ max: 40 }), prose({ min: 0, max: 500 }));
export const text = prose({ min: 0, max: 5_000 });
export const behavior = z.enum(["always_invoice", "create_prorations", "none"]);

/** What a subscription, a phase or an invoice redeems; `discount` keeps one that is there. */
export const discountParams = z
  .array(
    z
      .strictObject({ coupon: text.optional(), discount: text.optional(), promotion_code: text.optional() })
      .refine((named) => Object.keys(named).length === 1, "You must name one coupon, discount or promotion code."),
  )
  .max(20);
export const automaticTax = z.strictObject({
  enabled: flag,
  liability: z.strictObject({ type: z.literal("self") }).optional(),
});

export const listParams = {
  limit: count.pipe(z.number().min(1).max(100)).optional(),
  starting_after: text.optional(),
  ending_before: text.optional(),
};

/** Merged as Stripe does: an empty value takes a key away. */
export function merged(
  old: Record<string, string>,
  changes: Record<string, string> | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...old, ...changes }).filter(([, value]) => value !== ""));
}

type Kinds = {
  subscriptions: Subscription;
  invoices: Invoice;
  sessions: Session;
  schedules: Schedule;
  cards: Card;
};

const NAMES: Record<keyof Kinds, string> = {
  subscriptions: "subscription",
  invoices: "invoice",
  sessions: "checkout.session",
  schedules: "subscription_schedule",
  cards: "PaymentMethod",
};

/** @throws StripeProblem where the account has none of that id */
export function find<K extends keyof Kinds>(world: World, kind: K, id: string, param = "id"): Kinds[K] {
  const found = (world[kind] as Kinds[K][]).find((each) => each.id === id);
  if (found === undefined) throw missing(NAMES[kind], id, param, param === "id" ? 404 : 400);
  return found;
}

/** @throws StripeProblem where the account's customer is another, not made yet or deleted */
export function requireCustomer({ customer }: World, id: string, param = "customer"): void {
  if (customer.id !== id || !customer.exists) throw missing("customer", id, param, param === "id" ? 404 : 400);
  if (customer.deleted) throw invalid(`No such customer: '${id}'; it was deleted.`, param, "resource_missing");
}

/** The page that the parameters ask for, of a list with the newest first. */
export function page<T extends { id: string }>(
  list: readonly T[],
  {
    limit = 10,
    starting_after,
    ending_before,
  }: { limit?: number | undefined; starting_after?: string | undefined; ending_before?: string | undefined },
): { data: T[]; hasMore: boolean } {
  const newest = list.toReversed();
  const after = starting_after === undefined ? 0 : newest.findIndex(({ id }) => id === starting_after) + 1;
  const before = ending_before === undefined ? newest.length : newest.findIndex(({ id }) => id === ending_before);
  const window = newest.slice(after, Math.max(after, before));
  return { data: window.slice(0, limit), hasMore: window.length > limit };
}
