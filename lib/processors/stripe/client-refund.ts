/** Refunds the payments of a checkout session. */
import Stripe from "stripe";
import { entityId } from "../entity-id";
import { idOf } from "./reference";

/** Repeating it refunds nothing more: Stripe refuses to refund more than was paid. */
export async function refundSession(stripe: Stripe, transaction: string): Promise<void> {
  const session = await stripe.checkout.sessions.retrieve(entityId(transaction));
  if (session.invoice === null) return;
  const invoice = await stripe.invoices.retrieve(idOf(session.invoice), { expand: ["payments"] });
  // A bank debit in progress cannot be stopped: Stripe refuses this until it has succeeded or failed.
  if (invoice.status === "open") await stripe.invoices.voidInvoice(invoice.id);
  for (const { payment, status } of invoice.payments?.data ?? []) {
    if (status === "paid" && payment.payment_intent) await refund(stripe, idOf(payment.payment_intent));
  }
}

async function refund(stripe: Stripe, payment: string): Promise<void> {
  try {
    // Without an idempotency key, since Stripe would repeat a refusal for a day.
    await stripe.refunds.create({ payment_intent: payment, reason: "duplicate" });
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError && error.code === "charge_already_refunded") return;
    throw error;
  }
}
