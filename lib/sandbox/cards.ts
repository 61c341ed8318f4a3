/** The test cards, by their last four digits, and the result of a charge of each. */

export interface TestCard {
  /** The last four digits. */
  id: string;
  number: string;
  brand: "visa" | "mastercard";
  /** The result of a charge, for the page. */
  does: string;
}

/** In the order of the page: Enter in a form presses the first. */
export const TEST_CARDS = [
  { id: "4242", number: "4242 4242 4242 4242", brand: "visa", does: "Succeeds" },
  { id: "0341", number: "4000 0000 0000 0341", brand: "visa", does: "Succeeds now, fails at the renewal" },
  { id: "3155", number: "4000 0025 0000 3155", brand: "visa", does: "Needs authentication by the bank" },
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

/** The circumstances of a charge. */
export interface PaymentContext {
  /** The payer is at a hosted page, so the bank may ask for authentication. */
  payer: boolean;
  /** The payer has just authenticated. */
  confirmed?: boolean;
  /** This charge sets up the card. */
  first?: boolean;
}

export const OFF_SESSION: PaymentContext = { payer: false };

/** Pure: the result depends only on the card and the context. A missing card is declined. */
export function chargeCard(
  card: CardNumber | null,
  { payer, confirmed = false, first = false }: PaymentContext,
): Charged {
  if (card === null) return declined("invalid_account", "There is no card to charge.");
  if (card === "0002") return declined("generic_decline", "Your card was declined.");
  if (card === "0341" && !first) return declined("generic_decline", "Your card was declined.");
  // After the set-up, the bank accepts later charges of the subscription.
  if (card === "3155" && payer && !confirmed) return { outcome: "requires_action" };
  return { outcome: "succeeded" };
}

function declined(declineCode: string, message: string): Charged {
  return { outcome: "declined", declineCode, message };
}
