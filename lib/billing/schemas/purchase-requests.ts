/** The requests of the routes for purchases. Unknown fields are errors, so that a misspelt field is not ignored. */
import { z } from "zod";
import type { PlanName } from "@/lib/config/register";
import { intervalSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";
import { line } from "@/lib/core/text";
import { promotionCode } from "./promotion-code";

const product = productIdSchema;
/** Requests may write it in capitals; code gets the names of the registered configs. */
const plan = line({ max: 64, error: "is the name of a plan" }) as z.ZodType as z.ZodType<PlanName, string>;

export const checkoutRequest = z.strictObject({
  product,
  plan,
  interval: intervalSchema.default("monthly"),
  processor: processorSchema.default("stripe"),
  /** Begins with a trial, if the product has one and the user has had none. */
  trial: z.boolean({ error: "is true or false" }).default(false),
  code: promotionCode.optional(),
});
export type CheckoutInput = z.infer<typeof checkoutRequest>;

/** The checkout's id, from the address to which the processor returns the payer. */
export const checkoutReturnRequest = z.strictObject({
  checkout: z.uuid({ error: "is the id from the address you came back to" }),
});

/** `interval` defaults to the subscription's interval. */
export const planChangeRequest = z.strictObject({ product, plan, interval: intervalSchema.optional() });
export type PlanChangeInput = z.infer<typeof planChangeRequest>;

export const productRequest = z.strictObject({ product });

export const portalRequest = z.strictObject({ product: product.optional() });
