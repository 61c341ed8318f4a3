/** What the routes about purchases accept. Unknown fields are refused: a misspelt one must not be ignored silently. */
import { z } from "zod";
import { intervalSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";
import { line } from "@/lib/core/text";
import { promotionCode } from "./promotion-code";

const product = productIdSchema;
const plan = line({ max: 64, error: "is the name of a plan" });

export const checkoutRequest = z.strictObject({
  product,
  plan,
  interval: intervalSchema.default("monthly"),
  processor: processorSchema.default("stripe"),
  /** Tried before it is charged, where the product has a trial and this user has had none. */
  trial: z.boolean({ error: "is true or false" }).default(false),
  code: promotionCode.optional(),
});
export type CheckoutAsked = z.infer<typeof checkoutRequest>;

/** The checkout's own id, as it stands in the address that payers come back to. */
export const checkoutReturnRequest = z.strictObject({
  checkout: z.uuid({ error: "is the id from the address you came back to" }),
});

/** Without `interval`, the subscription's own. */
export const planChangeRequest = z.strictObject({ product, plan, interval: intervalSchema.optional() });
export type PlanChangeAsked = z.infer<typeof planChangeRequest>;

export const productRequest = z.strictObject({ product });

export const portalRequest = z.strictObject({ product: product.optional() });
