/** What a customer has beside invoices: discounts, charges, and what was given back of them. Kept in the world. */
import type {
  ChargeSpec,
  CreditNoteSpec,
  DiscountSpec,
  DisputeSpec,
  RefundSpec,
} from "@/lib/billing/processors/stripe/events";
import { paymentIntentOf } from "@/lib/billing/processors/stripe/events";
import type { CardNumber } from "../cards";
import type { World } from "./world";

export interface Charge extends ChargeSpec {
  refunded: number;
  disputed: boolean;
  /** The payment method and the card's last digits. */
  paidWith: { id: string; number: CardNumber } | null;
}

/** Kept when it has ended: invoices go on naming it. */
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

/** The world's own, to change in a turn; worlds that were stored before there was money get theirs here. */
export function moneyOf(world: World): Money {
  world.money ??= { discounts: [], charges: [], refunds: [], disputes: [], creditNotes: [] };
  return world.money;
}

/** Every id of it that a request may name: a payment has one, too. */
export function moneyIds({ money }: World): string[] {
  if (money === undefined) return [];
  const { discounts, charges, refunds, disputes, creditNotes } = money;
  const objects = [...discounts, ...charges, ...refunds, ...disputes, ...creditNotes].map(({ id }) => id);
  return [...objects, ...charges.map(({ id }) => paymentIntentOf(id))];
}

/** By its own id or its payment's. */
export function chargeNamed(world: World, id: string): Charge | undefined {
  return moneyOf(world).charges.find((charge) => charge.id === id || paymentIntentOf(charge.id) === id);
}

/** The charge that paid the invoice; none for one that a credit or the merchant paid. */
export function chargeOfInvoice(world: World, invoice: string): Charge | undefined {
  return world.money?.charges.find((charge) => charge.invoice === invoice);
}
