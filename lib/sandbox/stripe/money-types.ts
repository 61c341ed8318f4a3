/** The types of discounts, charges, refunds, disputes and credit notes in an account's state. */
import type {
  ChargeSpec,
  CreditNoteSpec,
  DiscountSpec,
  DisputeSpec,
  RefundSpec,
} from "../event-builders/stripe/events";
import { paymentIntentOf } from "../event-builders/stripe/events";
import type { MethodNumber } from "./methods";

/** A coupon that a checkout, an update or a phase redeems. */
export interface Redeemed {
  coupon: string;
  promotionCode: string | null;
}

export interface Charge extends ChargeSpec {
  refunded: number;
  disputed: boolean;
  /** The payment method and the last digits of its card or bank account. */
  paidWith: { id: string; number: MethodNumber } | null;
}

/** It stays after its end, since invoices name it. */
export interface Discount extends DiscountSpec {
  endedAt: number | null;
}

export interface Dispute extends DisputeSpec {
  withdrawnAt: number | null;
  reinstatedAt: number | null;
}

export interface Money {
  discounts: Discount[];
  charges: Charge[];
  refunds: RefundSpec[];
  disputes: Dispute[];
  creditNotes: CreditNoteSpec[];
}

/** Every id that a request may name, payment intents included. */
export function moneyIds(money: Money | undefined): string[] {
  if (money === undefined) return [];
  const { discounts, charges, refunds, disputes, creditNotes } = money;
  const objects = [...discounts, ...charges, ...refunds, ...disputes, ...creditNotes].map(({ id }) => id);
  return [...objects, ...new Set(charges.map(({ id }) => paymentIntentOf(id)))];
}
