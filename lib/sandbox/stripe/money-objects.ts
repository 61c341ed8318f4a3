/** Charges, refunds, disputes and others as objects of the current API version. */
import {
  type CreditNoteSpec,
  couponObject,
  creditNoteObject,
  currentCharge,
  currentDispute,
  discountObject,
  invoicePaymentObject,
  type PromotionCodeSpec,
  promotionCodeObject,
  type RefundSpec,
  refundObject,
} from "../event-builders/stripe/events";
import type { AccountState } from "./account-state";
import { COUPONS, PROMOTION_CODES } from "./coupons";
import { listOf } from "./list";
import { brandOf, isBankAccount } from "./methods";
import { chargesOfInvoice, hasSucceeded } from "./money";
import type { Charge, Discount, Dispute } from "./money-types";

export function chargeOf({ customer }: AccountState, charge: Charge) {
  const { paidWith } = charge;
  const by = paidWith && {
    [isBankAccount(paidWith.number) ? "bankAccount" : "card"]: {
      id: paidWith.id,
      brand: brandOf(paidWith.number),
      last4: paidWith.number,
    },
  };
  return currentCharge({ ...charge, email: customer.email, name: customer.name, ...by });
}

export function discountOf(discount: Discount) {
  return discountObject(discount);
}

export function refundOf(refund: RefundSpec) {
  return refundObject(refund);
}

export function disputeOf({ customer, money }: AccountState, dispute: Dispute) {
  const card = money?.charges.find(({ id }) => id === dispute.charge)?.paidWith;
  const brand = card ? brandOf(card.number) : "visa";
  return currentDispute({ ...dispute, email: customer.email, name: customer.name, brand });
}

export function creditNoteOf(note: CreditNoteSpec) {
  return creditNoteObject(note);
}

/** The `payments` of an invoice: the latest payment attempt. */
export function paymentsOf(state: AccountState, invoice: string) {
  const latest = chargesOfInvoice(state, invoice).at(-1);
  const payments = latest ? [invoicePaymentObject({ ...latest, charge: latest.id, paid: hasSucceeded(latest) })] : [];
  return listOf(`/v1/invoice_payments?invoice=${invoice}`, payments);
}

export function promotionCodes(wanted: (code: PromotionCodeSpec) => boolean) {
  return PROMOTION_CODES.filter(wanted).map(promotionCodeObject);
}

/** A coupon or promotion code by its id. */
export function redeemable(id: string): object | undefined {
  const coupon = COUPONS.find((each) => each.id === id);
  if (coupon) return couponObject(coupon);
  const code = PROMOTION_CODES.find((each) => each.id === id);
  return code && promotionCodeObject(code);
}
