/** The product that the simulator sells. Its limits are powers of ten, so that an error of one unit is visible. */

import type { Interval } from "@/lib/billing/types";
import type { Price, Product } from "@/lib/config/catalog";

export const UNITS = "units";

export const TEST_PRODUCT: Product = {
  name: "Test product",
  tagline: "",
  meters: { [UNITS]: { kind: "counter", label: "Units", unit: { one: "unit", many: "units" } } },
  plans: {
    free: { name: "Free", rank: 0, price: { monthly: 0, yearly: null }, cadence: "monthly", limits: { [UNITS]: 10 } },
    low: {
      name: "Low",
      rank: 1,
      price: { monthly: 1900, yearly: 19000 },
      cadence: "billing_period",
      limits: { [UNITS]: 100 },
    },
    high: {
      name: "High",
      rank: 2,
      price: { monthly: 4900, yearly: 49000 },
      cadence: "billing_period",
      limits: { [UNITS]: 1000 },
    },
  },
};

export type Plan = "low" | "high";

const MAIL_PLANS: Readonly<Record<string, string>> = { low: "silver", high: "titanium" };

/** The mail's plan in the catalog for a plan of the simulator; null without one. */
export const mailPlan = (plan: string | null): string | null => MAIL_PLANS[plan ?? ""] ?? null;

export const mailPrice = ({ plan, interval }: { plan: string | null; interval: Interval | null }): Price => ({
  product: "mail",
  plan: mailPlan(plan) ?? "silver",
  interval: interval ?? "monthly",
});

export const FREE_LIMIT = 10;

export const limitOf = (plan: Plan) => TEST_PRODUCT.plans[plan]?.limits[UNITS] ?? 0;
export const listPrice = (plan: Plan, interval: Interval) => TEST_PRODUCT.plans[plan]?.price[interval] ?? 0;
export const higherPlan = (a: Plan, b: Plan): Plan => (limitOf(a) >= limitOf(b) ? a : b);
export const monthsOf = (interval: Interval | null) => (interval === "yearly" ? 12 : 1);
export const otherInterval = (interval: Interval | null): Interval => (interval === "monthly" ? "yearly" : "monthly");
