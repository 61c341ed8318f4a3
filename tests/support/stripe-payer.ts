/** One payer per test at the fake Stripe: opens checkouts, subscribes, and reads the result of the fold. */
import type Stripe from "stripe";
import { createFakeStripe } from "./fake-stripe";
import { payerAt } from "./payer";

const ITEM = (plan: string, interval = "monthly") => ({ price: `price_mail_${plan}_${interval}`, quantity: 1 });

export function stripePayer() {
  const shared = payerAt(createFakeStripe);
  const { payer, sandbox, stripe, delivered, pay } = shared;

  async function openCheckout(options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
    const metadata = { user_id: payer.id };
    const customer = await stripe.customers.create({ email: `${payer.id}@example.com`, metadata });
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer: customer.id,
      line_items: [ITEM("silver")],
      metadata,
      subscription_data: { metadata },
      success_url: "http://localhost:3000/billing?session={CHECKOUT_SESSION_ID}",
      cancel_url: "http://localhost:3000/pricing",
      ...options,
    });
    return { customer, session };
  }

  return {
    ...shared,
    ITEM,
    openCheckout,

    async subscribe(plan = "silver", interval = "monthly", card: "4242" | "0341" = "4242") {
      const { customer, session } = await openCheckout({ line_items: [ITEM(plan, interval)] });
      await pay(session.id, { card });
      const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
      await sandbox.idle();
      delivered.length = 0;
      return { customer, session, id: subscription as string };
    },
  };
}
