/** The fixed discounts, and their reductions of lines. They belong to no account. */
import type { Instant } from "@/lib/billing/types";
import { paidPlans } from "@/lib/config/catalog";
import { product, productIds } from "@/lib/config/current-catalog";
import type { DiscountSpec, LineSpec, PriceSpec } from "../event-builders/paddle/events";
import { planProductId } from "../event-builders/paddle/price";

const GOOD = {
  recur: true,
  intervals: null,
  restrictTo: null,
  expiresAt: null,
  usageLimit: null,
  timesUsed: 0,
  status: "active",
} as const;

export const DISCOUNTS: readonly DiscountSpec[] = [
  { ...GOOD, id: idOf("spring20"), code: "SPRING20", description: "20 % off", type: "percentage", amount: "20" },
  {
    ...GOOD,
    id: idOf("fiveoff"),
    code: "FIVEOFF",
    description: "$5 off the first payment",
    type: "flat",
    amount: "500",
    recur: false,
  },
  {
    ...GOOD,
    id: idOf("half3"),
    code: "HALF3",
    description: "Half price for 3 periods",
    type: "percentage",
    amount: "50",
    intervals: 3,
  },
  { ...GOOD, id: idOf("seat1"), code: "SEAT1", description: "$1 off per unit", type: "flat_per_seat", amount: "100" },
  {
    ...GOOD,
    id: idOf("top25"),
    code: "TOP25",
    description: "25 % off a product's highest plan",
    type: "percentage",
    amount: "25",
    // Read from the catalog when it is needed: this file is loaded before one is provided.
    get restrictTo() {
      return highestPlans();
    },
  },
  {
    ...GOOD,
    id: idOf("tiny"),
    code: "TINY97",
    description: "97 % off: the charge is below the minimum",
    type: "percentage",
    amount: "97",
  },
  {
    ...GOOD,
    id: idOf("expired10"),
    code: "EXPIRED10",
    description: "10 % off, expired",
    type: "percentage",
    amount: "10",
    expiresAt: Date.UTC(2025, 5, 1),
    status: "expired",
  },
  {
    ...GOOD,
    id: idOf("used10"),
    code: "USED10",
    description: "10 % off, used up",
    type: "percentage",
    amount: "10",
    usageLimit: 1,
    timesUsed: 1,
    status: "used",
  },
];

/** The codes that the hosted checkout offers. */
export const TEST_CODES = DISCOUNTS.flatMap(({ code, description }) => (code === null ? [] : [{ code, description }]));

/** Paddle's ids of the highest plan of each product. */
function highestPlans(): string[] {
  return productIds().flatMap((id) => {
    const plan = paidPlans(product(id)).at(-1);
    return plan === undefined ? [] : [planProductId({ product: id, plan })];
  });
}

/** Like Paddle's: 26 characters after the prefix. */
function idOf(name: string): string {
  return `dsc_01${name.padEnd(24, "0")}`;
}

export function discountNamed(id: string | null | undefined): DiscountSpec | null {
  return DISCOUNTS.find((each) => each.id === id) ?? null;
}

export function discountOfCode(code: string): DiscountSpec | null {
  return DISCOUNTS.find((each) => each.code === code.toUpperCase()) ?? null;
}

export function isFor({ restrictTo }: DiscountSpec, price: PriceSpec): boolean {
  return restrictTo === null || restrictTo.includes(price.id) || restrictTo.includes(price.product);
}

/** The subscription's discount at this instant; null if none is in effect. */
export function inForce(
  held: { id: string; startsAt: Instant; endsAt: Instant | null } | null | undefined,
  at: Instant,
): DiscountSpec | null {
  if (!held || at < held.startsAt || (held.endsAt !== null && at >= held.endsAt)) return null;
  return discountNamed(held.id);
}

/**
 * The reduction of each line, with the line's sign. A flat amount is divided among the lines in proportion. A line for
 * a part of the period gets this part of it: Paddle does not document a flat discount on a proration.
 */
export function takenOff(discount: DiscountSpec, lines: readonly LineSpec[]): Map<LineSpec, number> {
  const own = lines.filter(({ price }) => isFor(discount, price));
  const base = own.reduce((sum, { amount }) => sum + Math.abs(amount), 0);
  const off = new Map<LineSpec, number>();
  let exact = 0;
  let given = 0;
  for (const line of own) {
    const size = Math.abs(line.amount);
    const part = Number(line.proration?.rate ?? 1);
    const flat = Number(discount.amount) * part;
    if (discount.type === "percentage") exact = given + (size * Number(discount.amount)) / 100;
    else if (discount.type === "flat_per_seat") exact = given + flat * Math.abs(line.quantity ?? 1);
    else exact += base === 0 ? 0 : (flat * size) / base;
    const share = Math.min(size, Math.round(exact) - given);
    given += share;
    off.set(line, Math.sign(line.amount) * share + 0);
  }
  return off;
}
