/** Terms that the catalog and billing share. */

export const PROCESSORS = ["stripe", "paddle"] as const;
export type Processor = (typeof PROCESSORS)[number];
export const PROCESSOR_NAMES: Readonly<Record<Processor, string>> = { stripe: "Stripe", paddle: "Paddle" };

export const INTERVALS = ["monthly", "yearly"] as const;
export type Interval = (typeof INTERVALS)[number];

/** When a window resets: at UTC midnight, monthly from an anchor, or with the billing period. */
export const CADENCES = ["daily", "monthly", "billing_period"] as const;
export type Cadence = (typeof CADENCES)[number];
