/** The type of an endpoint, and parameters that several endpoints share. */
import { z } from "zod";
import { prose } from "@/lib/core/text";
import type { Reply } from "../../accounts";
import type { AccountState, Card, Invoice, Schedule, Session, StripeStep, Subscription } from "../account-state";
import { invalid, missing } from "../problem";

/** The account that a request concerns. */
export type Target =
  | { object: string; kind: string; param: string }
  /** A new customer; the parameters name its user. */
  | { new: true };

export interface Endpoint<Params = unknown> {
  method: "GET" | "POST" | "DELETE";
  /** `:id` stands for one path segment. */
  path: string;
  params: z.ZodType<Params>;
  of: (params: Params, id: string) => Target;
  /** Returns the answered object. If it throws a StripeProblem, nothing changes. */
  run: (step: StripeStep, params: Params, id: string) => object | Refused;
}

/** A refusal whose changes stay: a charge was tried and declined. */
export class Refused {
  constructor(readonly reply: Reply) {}
}

/** Keeps the parameters' type between `params` and `run`. */
export function endpoint<Params>(spec: Endpoint<Params>): Endpoint {
  return spec as unknown as Endpoint;
}

/** The account of the object that the path names. */
export const byPath =
  (kind: string) =>
  (_: unknown, id: string): Target => ({ object: id, kind, param: "id" });

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
/** Since 2026-09-30 an object; the former text is refused. */
export const anchor = z.strictObject({ type: z.enum(["now", "unchanged"]) }, { error: "Invalid object" });
export const collectionMethod = z.enum(["charge_automatically", "send_invoice"]);

const range = z.strictObject({
  gt: instant.optional(),
  gte: instant.optional(),
  lt: instant.optional(),
  lte: instant.optional(),
});
export const created = z.union([instant, range]).optional();

/** The discounts of a subscription, a phase or an invoice; `discount` keeps an existing one. */
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

/**
 * The account of a list. At Stripe, a list without a customer covers the whole account; here the request must name a
 * customer or a subscription.
 */
export function ofCustomerOrSubscription({
  customer,
  subscription,
}: {
  customer?: string | undefined;
  subscription?: string | undefined;
}): Target {
  if (customer !== undefined) return { object: customer, kind: "customer", param: "customer" };
  if (subscription !== undefined) return { object: subscription, kind: "subscription", param: "subscription" };
  throw invalid("The sandbox lists the objects of one customer or one subscription.", "customer");
}

/** Whether an object was created in the requested range. */
export function isCreated(at: number, wanted: z.output<typeof created>): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === "number") return at === wanted;
  const { gt = -1, gte = 0, lt = Number.POSITIVE_INFINITY, lte = Number.POSITIVE_INFINITY } = wanted;
  return at > gt && at >= gte && at < lt && at <= lte;
}

/** Merged as Stripe does: an empty value removes a key. */
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

/** @throws StripeProblem if the account has no object of that id */
export function find<K extends keyof Kinds>(state: AccountState, kind: K, id: string, param = "id"): Kinds[K] {
  const found = (state[kind] as Kinds[K][]).find((each) => each.id === id);
  if (found === undefined) throw missing(NAMES[kind], id, param, param === "id" ? 404 : 400);
  return found;
}

/** @throws StripeProblem if the account's customer is another, does not exist yet or was deleted */
export function requireCustomer({ customer }: AccountState, id: string, param = "customer"): void {
  if (customer.id !== id || !customer.exists) throw missing("customer", id, param, param === "id" ? 404 : 400);
  if (customer.deleted) throw invalid(`No such customer: '${id}'; it was deleted.`, param, "resource_missing");
}

/** The requested page, of a list with the newest first. */
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
