/** Terms that the catalog and billing share. */

export type Processor = "stripe" | "paddle";
export type Interval = "monthly" | "yearly";

/** When a window resets: at UTC midnight, monthly from an anchor, or with the billing period. */
export type Cadence = "daily" | "monthly" | "billing_period";
