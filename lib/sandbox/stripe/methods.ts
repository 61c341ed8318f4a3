/** The test payment methods of the fake Stripe, by their last four digits, and the result of a charge of each. */
import { type Charged as CardCharged, type CardNumber, chargeCard, type PaymentContext, TEST_CARDS } from "../cards";

/** A card that needs authentication at every charge, also at renewals. */
const ASKED_ALWAYS = {
  id: "3184",
  number: "4000 0027 6000 3184",
  brand: "visa",
  does: "Needs authentication at every charge, also at renewals",
} as const;

export const STRIPE_CARDS = [...TEST_CARDS, ASKED_ALWAYS] as const;

/** Days until the bank answers to a debit. */
export const DEBIT_DAYS = 4;

export const BANK_ACCOUNTS = [
  { id: "6789", bank: true, number: "Bank account 000123456789", does: `Pays after ${DEBIT_DAYS} days` },
  { id: "2227", bank: true, number: "Bank account 000222222227", does: `Fails after ${DEBIT_DAYS} days` },
] as const;

export const STRIPE_METHODS = [...STRIPE_CARDS, ...BANK_ACCOUNTS] as const;

export type MethodNumber = CardNumber | typeof ASKED_ALWAYS.id | BankNumber;
export type BankNumber = (typeof BANK_ACCOUNTS)[number]["id"];

/** `processing`: the bank answers in some days. */
export type Charged = CardCharged | { outcome: "processing" };

export function isMethodNumber(value: string): value is MethodNumber {
  return STRIPE_METHODS.some(({ id }) => id === value);
}

export function brandOf(number: MethodNumber): "mastercard" | "visa" {
  return STRIPE_CARDS.find(({ id }) => id === number)?.brand ?? "visa";
}

export function isBankAccount(number: MethodNumber): number is BankNumber {
  return BANK_ACCOUNTS.some(({ id }) => id === number);
}

/** Pure: the result depends only on the method and the context. */
export function charge(number: MethodNumber | null, context: PaymentContext): Charged {
  if (number === null) return chargeCard(null, context);
  if (isBankAccount(number)) return { outcome: "processing" };
  if (number !== ASKED_ALWAYS.id) return chargeCard(number, context);
  return context.confirmed ? { outcome: "succeeded" } : { outcome: "requires_action" };
}

/** The bank's answer to a debit. */
export function debited(number: BankNumber): Exclude<CardCharged, { outcome: "requires_action" }> {
  if (number === "6789") return { outcome: "succeeded" };
  const message = "The customer's account has insufficient funds to cover this payment.";
  return { outcome: "declined", declineCode: "insufficient_funds", message };
}
