import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { embeddedList } from "./list";
import type { UntypedFields, WireFormat } from "./wire-format";

/** The input for a credit note on a finalized invoice; instants in seconds since 1970, amounts in US cents. */
export interface CreditNoteSpec {
  id: string;
  customer: string;
  invoice: string;
  number: string;
  amount: number;
  /** The reduction of the unpaid amount; the rest was paid and is returned. */
  prePayment: number;
  /** The refund that returns it; without one it goes to the customer's balance. */
  refund: string | null;
  reason: "duplicate" | "fraudulent" | "order_change" | "product_unsatisfactory" | null;
  memo: string | null;
  pdf: string;
  created: number;
}

export function creditNoteObject(spec: CreditNoteSpec) {
  const { amount, prePayment } = spec;
  const postPayment = amount - prePayment;
  return {
    id: spec.id,
    object: "credit_note",
    amount,
    amount_shipping: 0,
    created: spec.created,
    currency: stripeCurrency(),
    customer: spec.customer,
    customer_account: null,
    customer_balance_transaction: spec.refund === null && postPayment > 0 ? `cbtxn_${spec.id.slice(3)}` : null,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: spec.created,
    invoice: spec.invoice,
    lines: embeddedList([lineOf(spec)], `/v1/credit_notes/${spec.id}/lines`),
    livemode: false,
    memo: spec.memo,
    metadata: {},
    number: spec.number,
    out_of_band_amount: null,
    pdf: spec.pdf,
    post_payment_amount: postPayment,
    pre_payment_amount: prePayment,
    pretax_credit_amounts: [],
    reason: spec.reason,
    refunds:
      spec.refund === null
        ? []
        : [{ amount_refunded: postPayment, payment_record_refund: null, refund: spec.refund, type: "refund" }],
    shipping_cost: null,
    status: "issued",
    subtotal: amount,
    subtotal_excluding_tax: amount,
    total: amount,
    total_excluding_tax: amount,
    total_taxes: [],
    type: prePayment === 0 ? "post_payment" : postPayment === 0 ? "pre_payment" : "mixed",
    voided_at: null,
  } satisfies WireFormat<Stripe.CreditNote> & { lines: UntypedFields };
}

/** The one line of a credit note with an amount. */
function lineOf({ id, amount }: CreditNoteSpec) {
  return {
    id: `cnli_${id.slice(3)}`,
    object: "credit_note_line_item",
    amount,
    description: "Credit",
    discount_amount: 0,
    discount_amounts: [],
    livemode: false,
    metadata: {},
    pretax_credit_amounts: [],
    quantity: 1,
    tax_rates: [],
    taxes: [],
    type: "custom_line_item",
    unit_amount: amount,
    unit_amount_decimal: String(amount),
  } satisfies WireFormat<Stripe.CreditNoteLineItem>;
}
