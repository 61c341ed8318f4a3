import type { ChangeView } from "@/lib/billing";

/** Where a change leads: to the processor where it must be paid first, else back to billing, which says what was done. */
export function whatNext({ outcome, url }: ChangeView): string {
  return outcome === "payment_needed" && url !== null ? url : `/billing?changed=${outcome}`;
}
