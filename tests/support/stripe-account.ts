/** One payer per test at the sandbox's Stripe, with the real SDK, verification and fold around it. */
import type Stripe from "stripe";
import { afterAll, afterEach, beforeEach } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import type { MethodNumber } from "@/lib/sandbox/stripe/methods";
import { testDatabase } from "./database";
import { createFakeStripe } from "./fake-stripe";

export function stripeAccount(name: string) {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));
  afterAll(() => gateway.end());
  const fake = createFakeStripe(gateway);
  const { sandbox, stripe, delivered, pay, hosted } = fake;
  let users = 0;
  const payer = { id: "" };
  // A delivery of one test must not arrive during the next.
  afterEach(() => sandbox.idle());
  beforeEach(() => {
    users += 1;
    payer.id = `${name}-${users}`;
    delivered.length = 0;
  });

  async function open(options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
    const { id: customer } = await stripe.customers.create({ metadata: { user_id: payer.id } });
    const { subscription_data: data, ...rest } = options;
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer,
      line_items: [{ price: "price_writer_plus_monthly", quantity: 1 }],
      subscription_data: { metadata: { user_id: payer.id }, ...data },
      success_url: "http://localhost:3000/billing",
      ...rest,
    });
    return { customer, session };
  }

  return {
    ...fake,
    gateway,
    payer,
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

    types: () => delivered.map(({ type }) => type),
    now: async () => Math.floor((await gateway.sandboxClock(payer.id)).now / 1000),

    /** The writer's subscription and counter, as the product shows them. */
    async writer() {
      await sandbox.idle();
      const found = (await gateway.usage(payer.id)).subscriptions.find(({ product }) => product === "writer");
      if (!found) throw new Error("no writer");
      const words = found.meters.find(({ field }) => field === "words_used");
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
