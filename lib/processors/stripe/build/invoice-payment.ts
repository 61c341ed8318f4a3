import type Stripe from "stripe";
import { paymentIntentOf } from "./charge";
import type { OnTheWire } from "./wire";

/** What paid an invoice, to build: an invoice itself does not say by which charge. */
export interface InvoicePaymentSpec {
  charge: string;
  invoice: string;
  amount: number;
  created: number;
}

export function invoicePaymentObject({ charge, invoice, amount, created }: InvoicePaymentSpec) {
  return {
    id: `inpay_${charge.slice(3)}`,
    object: "invoice_payment",
    amount_paid: amount,
    amount_requested: amount,
    created,
    currency: "usd",
    invoice,
    is_default: true,
    livemode: false,
    payment: { payment_intent: paymentIntentOf(charge), type: "payment_intent" },
    status: "paid",
    status_transitions: { canceled_at: null, paid_at: created },
  } satisfies OnTheWire<Stripe.InvoicePayment>;
}
