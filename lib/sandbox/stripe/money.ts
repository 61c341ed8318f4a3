/** Finds and creates what a world stores beside invoices. */
import { paymentIntentOf } from "../event-builders/stripe/events";
import type { AccountState } from "./account-state";
import type { Charge, Money } from "./money-types";

/** The world's own, to change in a turn; worlds that were stored before there was money get theirs here. */
export function moneyOf(state: AccountState): Money {
  state.money ??= { discounts: [], charges: [], refunds: [], disputes: [], creditNotes: [] };
  return state.money;
}

/** By its own id, or the latest charge of a payment by the payment's. */
export function chargeNamed(state: AccountState, id: string): Charge | undefined {
  return moneyOf(state).charges.findLast((charge) => charge.id === id || paymentIntentOf(charge.id) === id);
}

/** Every attempt to charge the invoice, oldest first. */
export function chargesOfInvoice(state: AccountState, invoice: string): Charge[] {
  return (state.money?.charges ?? []).filter((charge) => charge.invoice === invoice);
}

/** Charges of worlds that were stored before charges could fail succeeded. */
export function hasSucceeded({ status = "succeeded" }: Charge): boolean {
  return status === "succeeded";
}

/** The charge that paid the invoice; none for one that a credit or the merchant paid. */
export function chargeOfInvoice(state: AccountState, invoice: string): Charge | undefined {
  return chargesOfInvoice(state, invoice).find(hasSucceeded);
}
