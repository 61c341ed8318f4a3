/** How an endpoint of the played API is written, and the pieces of parameters that several share. */
import { z } from "zod";
import { prose } from "@/lib/core/text";
import type { Reply } from "../../accounts";
import type { AccountState, Card, Invoice, Schedule, Session, StripeStep, Subscription } from "../account-state";
import { invalid, missing } from "../problem";

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
  run: (step: StripeStep, params: Params, id: string) => object | Refused;
}

/** An answer that is a refusal, and what happened with it stays: a charge was tried and declined. */
export class Refused {
  constructor(readonly reply: Reply) {}
}

/** Keeps the parameters' type between the schema and the act. */
export function endpoint<Params>(spec: Endpoint<Params>): Endpoint {
  return spec as unknown as Endpoint;
}

/**
 * The parameters of a request, each of which must be one of the SDK's type for the pinned version: a parameter that Stripe
 * removes or renames is a compile error here. What the schema does not name is refused as unknown.
 */
export function paramsOf<Sdk>() {
  return <Shape extends z.ZodRawShape>(
    shape: Shape & { [Name in keyof Shape]: Name extends keyof Sdk ? unknown : never },
  ) => z.strictObject<Shape>(shape);
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

/**
 * The account whose list is asked for. At Stripe a list without a customer is of the whole account; here it must name
 * one of the two.
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
  throw invalid("The sandbox lists what one customer or one subscription has.", "customer");
}

/** Whether an object was created in the range that a list asks for. */
export function isCreated(at: number, wanted: z.output<typeof created>): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === "number") return at === wanted;
  const { gt = -1, gte = 0, lt = Number.POSITIVE_INFINITY, lte = Number.POSITIVE_INFINITY } = wanted;
  return at > gt && at >= gte && at < lt && at <= lte;
}

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
export function find<K extends keyof Kinds>(state: AccountState, kind: K, id: string, param = "id"): Kinds[K] {
  const found = (state[kind] as Kinds[K][]).find((each) => each.id === id);
  if (found === undefined) throw missing(NAMES[kind], id, param, param === "id" ? 404 : 400);
  return found;
}

/** @throws StripeProblem where the account's customer is another, not made yet or deleted */
export function requireCustomer({ customer }: AccountState, id: string, param = "customer"): void {
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
