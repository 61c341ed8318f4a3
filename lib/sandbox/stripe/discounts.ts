/** Discounts of subscriptions: redeems coupons, reduces lines, ends discounts. */

import { addMonths } from "@/lib/billing/timeline/calendar";
import type { CouponSpec, LineSpec, PromotionCodeSpec } from "../event-builders/stripe/events";
import { type AccountState, nextId, type StripeStep, type Subscription, seconds } from "./account-state";
import { couponNamed, PROMOTION_CODES } from "./coupons";
import { emitEvent } from "./emit";
import { hasSucceeded, moneyOf } from "./money";
import { discountOf } from "./money-objects";
import type { Discount, Redeemed } from "./money-types";
import { invalid, missing } from "./problem";

type Line = Omit<LineSpec, "id">;

/** A discount in a request; `discount` keeps one that the subscription has. */
export interface DiscountParams {
  coupon?: string | undefined;
  promotion_code?: string | undefined;
  discount?: string | undefined;
}

/** @throws StripeProblem if this customer cannot redeem it */
export function redeemed(state: AccountState, { coupon, promotion_code: id }: DiscountParams, param: string): Redeemed {
  if (id !== undefined) {
    const code = PROMOTION_CODES.find((each) => each.id === id);
    if (code === undefined) throw missing("promotion code", id, `${param}[promotion_code]`, 400);
    return redeemCode(state, code, `${param}[promotion_code]`);
  }
  if (coupon === undefined || couponNamed(coupon) === undefined) {
    throw missing("coupon", coupon ?? "", `${param}[coupon]`, 400);
  }
  return { coupon, promotionCode: null };
}

/** @throws StripeProblem if the code has expired, or is for a first purchase only and the customer has paid before */
export function redeemCode(state: AccountState, code: PromotionCodeSpec, param: string): Redeemed {
  if (!code.active) throw invalid("This promotion code is expired.", param);
  const paid = moneyOf(state).charges.some(hasSucceeded) || state.invoices.some(({ status }) => status === "paid");
  if (code.firstPurchase && paid) {
    const why = "the associated customer has prior transactions";
    throw invalid(`This promotion code cannot be redeemed because ${why}.`, param);
  }
  return { coupon: code.coupon, promotionCode: code.id };
}

/** Begins a discount. */
export function addDiscount(step: StripeStep, subscription: Subscription, from: Redeemed, session: string | null) {
  const { state } = step;
  const { duration } = couponOf(from);
  const start = seconds(step);
  const discount: Discount = {
    id: nextId(state, "di"),
    customer: state.customer.id,
    subscription: subscription.id,
    ...from,
    checkoutSession: session,
    start,
    end: typeof duration === "object" ? addMonths(start * 1000, duration.months) / 1000 : null,
    endedAt: null,
  };
  moneyOf(state).discounts.push(discount);
  subscription.discounts = [...(subscription.discounts ?? []), discount.id];
  emitEvent(step, "customer.discount.created", discountOf(discount));
}

/** Ends a discount. */
export function endDiscount(step: StripeStep, subscription: Subscription, id: string): void {
  const discount = moneyOf(step.state).discounts.find((each) => each.id === id);
  subscription.discounts = (subscription.discounts ?? []).filter((each) => each !== id);
  if (discount === undefined || discount.endedAt !== null) return;
  discount.endedAt = seconds(step);
  emitEvent(step, "customer.discount.deleted", discountOf(discount));
}

/** Replaces the subscription's discounts; those named by their own id stay. */
export function setDiscounts(
  step: StripeStep,
  subscription: Subscription,
  wanted: readonly DiscountParams[],
  param: string,
): void {
  const { state } = step;
  const kept = wanted.flatMap(({ discount }) => discount ?? []);
  const known = subscription.discounts ?? [];
  kept.forEach((id, index) => {
    if (!known.includes(id)) throw missing("discount", id, `${param}[${index}][discount]`, 400);
  });
  if (wanted.length > 1) throw invalid("The sandbox supports one discount per subscription.", param);
  const added = wanted
    .filter(({ discount }) => discount === undefined)
    .map((each, index) => redeemed(state, each, `${param}[${index}]`));
  for (const id of known.filter((each) => !kept.includes(each))) endDiscount(step, subscription, id);
  for (const each of added) addDiscount(step, subscription, each, null);
}

/** A coupon for one charge ends with the first invoice that it reduced. */
export function endOneTimeDiscounts(step: StripeStep, subscription: Subscription, lines: readonly Line[]): void {
  for (const id of subscription.discounts ?? []) {
    const discount = moneyOf(step.state).discounts.find((each) => each.id === id);
    if (discount === undefined || couponOf(discount).duration !== "once") continue;
    if (lines.some(({ discountId }) => discountId === id)) endDiscount(step, subscription, id);
  }
}

/** The ends of coupons that last some months, in seconds. */
export function discountEnds(state: AccountState, subscription: Subscription): { id: string; at: number }[] {
  return (state.money?.discounts ?? []).flatMap(({ id, end }) =>
    end !== null && subscription.discounts?.includes(id) ? [{ id, at: end }] : [],
  );
}

/** Removes the discounts that end until `at`, for an invoice of that time. For previews: it sends no event. */
export function dropEndedDiscounts(state: AccountState, subscription: Subscription, at: number): void {
  const ended = discountEnds(state, subscription).filter((each) => each.at <= at);
  subscription.discounts = (subscription.discounts ?? []).filter((id) => !ended.some((each) => each.id === id));
}

/**
 * The lines after the subscription's discount; credits return the amount that was paid after the discount of its time.
 */
export function discounted(state: AccountState, subscription: Subscription, lines: readonly Line[]): Line[] {
  const [id] = subscription.discounts ?? [];
  const discount = state.money?.discounts.find((each) => each.id === id);
  const credits = lines.map((line) => (line.amount < 0 ? creditOf(state, subscription, line) : line));
  return discount === undefined ? credits : takeOff(couponOf(discount), discount.id, credits);
}

/**
 * The lines after the coupon. A proration is an amount after the discount; a line of a whole period names the discount.
 */
export function takeOff(coupon: CouponSpec, discountId: string, lines: readonly Line[]): Line[] {
  let rest = "amount" in coupon.off ? coupon.off.amount : 0;
  return lines.map((line) => {
    if (line.amount <= 0) return line;
    const { price, quantity = 1 } = line;
    if (line.proration) {
      const whole = price.unitAmount * quantity;
      const left = whole - reduction(coupon, whole, rest);
      return { ...line, amount: Math.round((line.amount * left) / whole), undiscounted: line.amount, discountId };
    }
    const discount = reduction(coupon, line.amount, rest);
    rest -= discount;
    return discount === 0 ? line : { ...line, discount, discountId };
  });
}

function reduction({ off }: CouponSpec, amount: number, rest: number): number {
  return "percent" in off ? Math.round((amount * off.percent) / 100) : Math.min(amount, rest);
}

/** Returns the share of the paid amount, which is less than the price if a discount reduced it. */
function creditOf(state: AccountState, subscription: Subscription, line: Line): Line {
  const invoiced = state.invoices
    .filter((invoice) => invoice.subscription === subscription.id && invoice.status !== "void")
    .flatMap((invoice) => invoice.lines);
  const paid = line.credits
    ? [...invoiced, ...subscription.pendingLines].find(({ id }) => id === line.credits?.line)
    : invoiced.findLast(
        (each) =>
          each.item === line.item &&
          each.price.id === line.price.id &&
          each.periodEnd === line.periodEnd &&
          each.amount > 0,
      );
  if (paid?.discountId === undefined) return line;
  const whole = paid.undiscounted ?? paid.amount;
  const left = paid.amount - (paid.discount ?? 0);
  const { discountId } = paid;
  return { ...line, amount: Math.round((line.amount * left) / whole), undiscounted: line.amount, discountId };
}

export function couponOf({ coupon }: { coupon: string }): CouponSpec {
  const found = couponNamed(coupon);
  if (found === undefined) throw new Error(`There is no coupon ${coupon}.`);
  return found;
}
