/** One payer per test at the sandbox's Stripe, with the real SDK, verification and fold around it. */
import type Stripe from "stripe";
import type { MethodNumber } from "@/lib/sandbox/stripe/methods";
import { createFakeStripe } from "./fake-stripe";
import { payerAt } from "./payer";

export function stripeAccount(name: string) {
  const shared = payerAt(createFakeStripe, name);
  const { payer, sandbox, stripe, delivered, pay, hosted } = shared;

  async function open(options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
    const { id: customer } = await stripe.customers.create({ metadata: { user_id: payer.id } });
    const { subscription_data: data, ...rest } = options;
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer,
      line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
      subscription_data: { metadata: { user_id: payer.id }, ...data },
      success_url: "http://localhost:3000/billing",
      ...rest,
    });
    return { customer, session };
  }

  return {
    ...shared,
    open,

    /** A paid subscription, and no event of its beginning in `delivered`. */
    async subscribe(card: MethodNumber = "4242", options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
      const { customer, session } = await open(options);
      await pay(session.id, { card, confirmed: true });
      const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
      const id = subscription as string;
      const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
      delivered.length = 0;
      return { id, item, customer, session: session.id };
    },

    /** The payer's clock, in seconds. */
    now: async () => Math.floor((await shared.now()) / 1000),

    /** The mail's subscription and counter, as the product shows them. */
    async mail() {
      await sandbox.idle();
      const found = await shared.mail();
      const words = found.meters.find(({ field }) => field === "stamps_used");
      const { plan, status, interval, cancelAt } = found;
      return { plan, status, interval, cancelAt, used: words?.used, limit: words?.limit, remaining: words?.remaining };
    },

    latestInvoice: async (customer: string) =>
      (await stripe.invoices.list({ customer, limit: 1 })).data[0] as Stripe.Invoice,

    /** The payer confirms at the hosted page, with a card. */
    async payInvoice(invoice: string, card: MethodNumber, confirmed = false) {
      const paid = await hosted.payInvoice(sandbox, invoice, { card, email: null, name: null, confirmed });
      await sandbox.idle();
      return paid;
    },
  };
}
