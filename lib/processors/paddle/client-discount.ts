/** Paddle's discounts in the product's words: a promotion code is redeemed, and a subscription's discount is named. */
import type { Paddle, Discount as PaddleDiscount, SubscriptionDiscount } from "@paddle/paddle-node-sdk";
import { type Discount, ProcessorError } from "../processor-client";
import type { Call } from "./client-call";
import { readInstant, readMoney } from "./read-fields";

/** Paddle's codes are letters and numbers. A comma would ask for several discounts. */
const CODE = /^[a-z\d]{1,32}$/i;

/**
 * The id of the discount that customers redeem with this code. Paddle itself decides whether it is good for a purchase.
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

/** A purchase with a code that Paddle does not make is the code's fault if the discounted amount is too small to charge. */
export function asInvalidCode(error: unknown): unknown {
  if (!(error instanceof ProcessorError) || error.problem !== "amount_too_small") return error;
  return new ProcessorError(error.message, "invalid_code", error.code, { cause: error });
}

/**
 * The discount of a subscription, with its name and amount. Paddle's subscriptions carry its id only. A key that must not
 * read discounts gets none: a preview's amounts need no names.
 */
export async function discountsOf(
  paddle: Paddle,
  call: Call,
  held: SubscriptionDiscount | null,
  units: number,
): Promise<Discount[]> {
  if (held === null) return [];
  try {
    const discount = await call("discount", () => paddle.discounts.get(held.id));
    return [await call("discount", async () => readDiscount(discount, held, units))];
  } catch (error) {
    if (error instanceof ProcessorError) return [];
    throw error;
  }
}

/** `units`: how many the subscription has of what is discounted; Paddle discounts each by the amount if told so. */
export function readDiscount(discount: PaddleDiscount, { endsAt }: { endsAt: string | null }, units = 1): Discount {
  const { id, description, code, type, amount, currencyCode } = discount;
  return {
    id,
    name: description || null,
    code,
    off: type === "percentage" ? { percent: Number(amount) } : offOf(readMoney(amount, currencyCode), type, units),
    endsAt: endsAt === null ? null : readInstant("discount.ends_at", endsAt),
  };
}

function offOf(money: { amount: number; currency: string }, type: PaddleDiscount["type"], units: number) {
  return type === "flat_per_seat" ? { ...money, amount: money.amount * units } : money;
}
