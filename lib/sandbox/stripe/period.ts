/** Billing periods by their anchor, in Stripe's seconds: Jan 31 gives Feb 28, then Mar 31 again. */
import { addMonths, monthsSince } from "@/lib/billing/timeline/calendar";

/** The end of the period that begins at `start`, of a cycle anchored at `anchor`. */
export function periodAfter(anchor: number, start: number, interval: "month" | "year"): number {
  const step = interval === "year" ? 12 : 1;
  const months = Math.max(0, monthsSince(anchor * 1000, start * 1000));
  return addMonths(anchor * 1000, months + step) / 1000;
}
