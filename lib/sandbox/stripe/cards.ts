/** The test cards, by their last four digits, and what a charge of each comes to. */

export interface TestCard {
  number: string;
  brand: "visa" | "mastercard";
  /** What it is good for, in a person's words. */
  does: string;
}

export const CARDS = {
  "4242": { number: "4242 4242 4242 4242", brand: "visa", does: "Succeeds" },
  "0002": { number: "4000 0000 0000 0002", brand: "visa", does: "Is declined" },
  "3155": { number: "4000 0025 0000 3155", brand: "visa", does: "Asks the bank: needs authentication" },
  "0341": { number: "4000 0000 0000 0341", brand: "visa", does: "Succeeds now, fails at the renewal" },
} as const satisfies Record<string, TestCard>;

export type CardNumber = keyof typeof CARDS;

export function isCardNumber(value: string): value is CardNumber {
  return Object.hasOwn(CARDS, value);
}

export type Charged =
  | { outcome: "succeeded" }
  | { outcome: "declined"; declineCode: string; message: string }
  | { outcome: "requires_action" };

/** Who is there when a card is charged. */
export interface Presence {
  /** The payer sits before a page of ours, and may be asked by their bank. */
  payer: boolean;
  /** They have just confirmed. */
  confirmed?: boolean;
  /** The card is being set up by this charge. */
  first?: boolean;
}

export const OFF_SESSION: Presence = { payer: false };

/** Pure: the same card in the same place comes to the same. A missing card is declined. */
export function chargeCard(card: CardNumber | null, { payer, confirmed = false, first = false }: Presence): Charged {
  if (card === null) return declined("invalid_account", "There is no card to charge.");
  if (card === "0002") return declined("generic_decline", "Your card was declined.");
  if (card === "0341" && !first) return declined("generic_decline", "Your card was declined.");
  // Once set up, its bank lets later charges of the subscription through.
  if (card === "3155" && payer && !confirmed) return { outcome: "requires_action" };
  return { outcome: "succeeded" };
}

function declined(declineCode: string, message: string): Charged {
  return { outcome: "declined", declineCode, message };
}
