/** The test cards, by their last four digits, and what a charge of each comes to. */

export interface TestCard {
  /** The last four digits. */
  id: string;
  number: string;
  brand: "visa" | "mastercard";
  /** What it is good for, in a person's words. */
  does: string;
}

/** In the order in which they are offered: a form's Enter presses the first. */
export const TEST_CARDS = [
  { id: "4242", number: "4242 4242 4242 4242", brand: "visa", does: "Succeeds" },
  { id: "0341", number: "4000 0000 0000 0341", brand: "visa", does: "Succeeds now, fails at the renewal" },
  { id: "3155", number: "4000 0025 0000 3155", brand: "visa", does: "Asks the bank: needs authentication" },
  { id: "0002", number: "4000 0000 0000 0002", brand: "visa", does: "Is declined" },
] as const satisfies readonly TestCard[];

export type CardNumber = (typeof TEST_CARDS)[number]["id"];

export function isCardNumber(value: string): value is CardNumber {
  return TEST_CARDS.some(({ id }) => id === value);
}

export function testCard(id: CardNumber): TestCard {
  const found = TEST_CARDS.find((card) => card.id === id);
  if (found === undefined) throw new Error(`There is no test card ${id}.`);
  return found;
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
