/** Finds the charges, refunds and disputes of an account. */
import { paymentIntentOf } from "../event-builders/stripe/events";
import type { AccountState } from "./account-state";
import type { Charge, Money } from "./money-types";

/** The state's own object, for changes in a step. States of an older version get an empty one. */
export function moneyOf(state: AccountState): Money {
  state.money ??= { discounts: [], charges: [], refunds: [], disputes: [], creditNotes: [] };
  return state.money;
}

/** By the charge's id, or the latest charge of a payment by the payment's id. */
export function chargeNamed(state: AccountState, id: string): Charge | undefined {
  return moneyOf(state).charges.findLast((charge) => charge.id === id || paymentIntentOf(charge.id) === id);
}

/** Every attempt to charge the invoice, oldest first. */
export function chargesOfInvoice(state: AccountState, invoice: string): Charge[] {
  return (state.money?.charges ?? []).filter((charge) => charge.invoice === invoice);
}

/** Charges in states of an older version have no status: they succeeded. */
export function hasSucceeded({ status = "succeeded" }: Charge): boolean {
  return status === "succeeded";
}

/** The charge that paid the invoice; undefined if a credit or the merchant paid it. */
export function chargeOfInvoice(state: AccountState, invoice: string): Charge | undefined {
  return chargesOfInvoice(state, invoice).find(hasSucceeded);
}
