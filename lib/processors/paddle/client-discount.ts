/** Reads Paddle's discounts: the discount of a promotion code, and the discount of a subscription. */
import type { Paddle, Discount as PaddleDiscount, Subscription, SubscriptionDiscount } from "@paddle/paddle-node-sdk";
import { entityId as pathId } from "../entity-id";
import { type Discount, ProcessorError } from "../processor-client";
import type { Call } from "./client-call";
import { namedDiscount } from "./discount";
import { discountShape } from "./shape";

/** Paddle's codes are letters and numbers. A comma would select several discounts. */
const CODE = /^[a-z\d]{1,32}$/i;

/**
 * The id of the discount that customers redeem with this code. Paddle decides whether a purchase can redeem it.
 * @throws ProcessorError `invalid_code`
 */
export async function discountOfCode(paddle: Paddle, call: Call, code: string): Promise<string> {
  if (!CODE.test(code)) throw invalidCode("malformed_code");
  const listed = await call("checkout", () => paddle.discounts.list({ code: [code], status: ["active"] }).next());
  const found = listed.find((each) => each.enabledForCheckout && each.code?.toUpperCase() === code.toUpperCase());
  if (found === undefined) throw invalidCode("discount_not_found");
  return found.id;
}

function invalidCode(code: string): ProcessorError {
  return new ProcessorError("Paddle has no active discount of this code for customers.", "invalid_code", code);
}

/** If the discounted amount is too small to charge, the error is the code's. Other errors stay as they are. */
export function asInvalidCode(error: unknown): unknown {
  if (!(error instanceof ProcessorError) || error.problem !== "amount_too_small") return error;
  return new ProcessorError(error.message, "invalid_code", error.code, { cause: error });
}

/** The discount of a subscription; undefined if it has none, or if the key lacks the permission to read discounts. */
export async function fetchDiscount(
  paddle: Paddle,
  { discount }: Pick<Subscription, "discount">,
  call: Call,
): Promise<PaddleDiscount | undefined> {
  if (discount === null) return undefined;
  try {
    return await call("discount", () => paddle.discounts.get(pathId(discount.id)));
  } catch (error) {
    if (error instanceof ProcessorError) return undefined;
    throw error;
  }
}

/** A subscription's discount by the names that Paddle's events use, with its terms if they were fetched. */
export function discountFields({ id, endsAt }: SubscriptionDiscount, fetched: PaddleDiscount | undefined) {
  return {
    id,
    ends_at: endsAt,
    ...(fetched && {
      description: fetched.description,
      code: fetched.code,
      type: fetched.type,
      amount: fetched.amount,
      currency_code: fetched.currencyCode,
    }),
  };
}

/** @param units the number of units of the subscription: an amount may be taken off each */
export function readDiscount(of: SubscriptionDiscount, fetched: PaddleDiscount, units: number): Discount | null {
  const parsed = discountShape.parse(discountFields(of, fetched));
  if (!parsed) return null;
  const { terms, endsAt = null } = namedDiscount(parsed, units);
  return terms && { ...terms, endsAt };
}
