/**
 * The fields of Paddle's entities that the normalizer reads. Times become instants (milliseconds) and amounts become numbers
 * (minor units); null and absent are the same.
 */
import { z } from "zod";
import { userIdSchema } from "@/lib/core/text";
import { id, objectReader, optional, quantity, shownText } from "../fields";
import type { Identity } from "../webhook-source";
import { instantOf } from "./instant";

const instant = z
  .string()
  .refine((value) => instantOf(value) !== null)
  .transform((value) => instantOf(value) as number);
/** A whole number of the currency's minor unit, as text; credits are negative. */
const amount = z
  .string()
  .regex(/^-?\d{1,15}$/)
  .transform(Number);
const rate = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,30})?$/)
  .transform(Number);
const period = z.object({ starts_at: instant, ends_at: instant });

const anyId = optional(id).catch(null);
const cycle = optional(z.object({ interval: z.string(), frequency: z.number() })).catch(null);
const price = z.object({ id, product_id: anyId, billing_cycle: cycle });

const item = z.object({
  price: optional(price),
  quantity,
  trial_dates: optional(z.object({ ends_at: optional(instant) })),
});

/** Events name a discount by its id. Its type and amount are there only if it was fetched beside the subscription. */
export const discountShape = z
  .object({
    id,
    ends_at: optional(instant),
    description: shownText,
    code: shownText,
    type: optional(z.string()),
    amount: optional(z.string().regex(/^\d{1,15}(\.\d{1,10})?$/)),
    currency_code: optional(z.string().regex(/^[A-Z]{3}$/)),
  })
  .nullish()
  .catch(undefined);
export type Discount = NonNullable<z.output<typeof discountShape>>;

export const subscriptionShape = z.object({
  id,
  status: z.string(),
  updated_at: optional(instant),
  current_billing_period: optional(period),
  scheduled_change: optional(z.object({ action: z.string(), effective_at: instant })),
  collection_mode: optional(z.string()),
  /** Set on subscriptions that were imported from another system. */
  import_meta: optional(z.unknown()),
  items: z.array(item),
  discount: discountShape,
});
export type Subscription = z.output<typeof subscriptionShape>;
export type SubscriptionItem = Subscription["items"][number];

const proration = optional(z.object({ rate: optional(rate), billing_period: optional(period).catch(null) }));

export const transactionShape = z.object({
  status: optional(z.string()),
  origin: optional(z.string()),
  billing_period: optional(period),
  collection_mode: optional(z.string()),
  items: optional(z.array(z.object({ price: optional(price), price_id: optional(id), proration }))),
  details: optional(
    z.object({
      totals: optional(
        z.object({
          credit: optional(amount),
          credit_to_balance: optional(amount),
          balance: optional(amount),
          grand_total: optional(amount),
        }),
      ),
      line_items: optional(
        z.array(
          z.object({
            price_id: id,
            product: optional(z.object({ id: anyId })).catch(null),
            proration,
            totals: optional(z.object({ total: optional(amount) })),
          }),
        ),
      ),
    }),
  ),
  payments: optional(z.array(z.object({ amount: optional(amount), status: optional(z.string()) }))),
});
export type Transaction = z.output<typeof transactionShape>;

export const adjustmentShape = z.object({
  id,
  action: z.string(),
  status: optional(z.string()),
  currency_code: optional(z.string()),
  totals: optional(z.object({ total: optional(amount) })),
});

export const { missingField, readObject } = objectReader("data");

/** A user id may be any text that can be stored. */
const userId = optional(userIdSchema).catch(null);
const identityShape = z.object({
  id: anyId,
  customer_id: anyId,
  subscription_id: anyId,
  transaction_id: anyId,
  custom_data: optional(z.object({ user_id: userId, userId })).catch(null),
});

/**
 * The processor's ids in an event. Never fails, so that quarantined events show them.
 *
 * No user id is trusted: browsers can set `custom_data` to any value.
 */
export function identityOf(data: Record<string, unknown>, entity: "subscription" | "transaction" | null): Identity {
  const read = identityShape.parse(data);
  return {
    customer: read.customer_id,
    subscription: entity === "subscription" ? read.id : read.subscription_id,
    transaction: entity === "transaction" ? read.id : read.transaction_id,
    trustedUserId: null,
    hintedUserId: read.custom_data?.user_id ?? read.custom_data?.userId ?? null,
  };
}
