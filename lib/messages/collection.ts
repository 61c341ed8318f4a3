import type { ChangePreviewView } from "@/lib/billing/schemas/purchase";

type CollectedCharge = Pick<ChangePreviewView, "collection" | "collectionDays" | "dueNow" | "nextCharge">;

/** How the money is collected if no card is charged immediately; null for a card, or if nothing will be charged. */
export function collectionWords({
  collection,
  collectionDays: days,
  dueNow,
  nextCharge,
}: CollectedCharge): string | null {
  if (collection === "card" || (dueNow === null && nextCharge === null)) return null;
  if (collection === "bank_debit") {
    const takes = days === null ? "some business days" : `up to ${counted(days, "business day")}`;
    return `Your bank account is debited. This takes ${takes}. If the debit fails, your plan is limited until you pay.`;
  }
  return days === null ? "We send you an invoice." : `We send you an invoice, due in ${counted(days, "day")}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
