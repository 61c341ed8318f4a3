import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { paymentIntentOf } from "./charge";
import type { WireFormat } from "./wire-format";

/** The input for an invoice's payment: the invoice itself does not name its charge. */
export interface InvoicePaymentSpec {
  charge: string;
  invoice: string;
  amount: number;
  created: number;
  /** By default the charge paid it. */
  paid?: boolean;
}

export function invoicePaymentObject({ charge, invoice, amount, created, paid = true }: InvoicePaymentSpec) {
  return {
    id: `inpay_${paymentIntentOf(charge).slice(3)}`,
    object: "invoice_payment",
    amount_paid: paid ? amount : null,
    amount_requested: amount,
    created,
    currency: stripeCurrency(),
    invoice,
    is_default: true,
    livemode: false,
    payment: { payment_intent: paymentIntentOf(charge), type: "payment_intent" },
    status: paid ? "paid" : "open",
    status_transitions: { canceled_at: null, paid_at: paid ? created : null },
  } satisfies WireFormat<Stripe.InvoicePayment>;
}
