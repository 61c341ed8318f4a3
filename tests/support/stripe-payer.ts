/** One payer per test at the fake Stripe: opens checkouts, subscribes, and reads the result of the fold. */
import type Stripe from "stripe";
import { afterAll, afterEach, beforeEach } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "./database";
import { createFakeStripe } from "./fake-stripe";

const ITEM = (plan: string, interval = "monthly") => ({ price: `price_writer_${plan}_${interval}`, quantity: 1 });

export function stripePayer() {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));
  const fake = createFakeStripe(gateway);
  const { sandbox, stripe, delivered, pay } = fake;
  let users = 0;
  const payer = { id: "" };
  afterAll(() => gateway.end());
  // A delivery of one test must not arrive during the next.
  afterEach(() => sandbox.idle());
  beforeEach(() => {
    users += 1;
    payer.id = `payer-${users}`;
    delivered.length = 0;
  });

  async function openCheckout(options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
    const metadata = { user_id: payer.id };
    const customer = await stripe.customers.create({ email: `${payer.id}@example.com`, metadata });
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer: customer.id,
      line_items: [ITEM("plus")],
      metadata,
      subscription_data: { metadata },
      success_url: "http://localhost:3000/billing?session={CHECKOUT_SESSION_ID}",
      cancel_url: "http://localhost:3000/pricing",
      ...options,
    });
    return { customer, session };
  }

  async function writer() {
    const { subscriptions } = await gateway.usage(payer.id);
    const found = subscriptions.find(({ product }) => product === "writer");
    if (!found) throw new Error("no writer");
    return found;
  }

  return {
    ...fake,
    gateway,
    payer,
    ITEM,
    openCheckout,
    writer,

    async subscribe(plan = "plus", interval = "monthly", card: "4242" | "0341" = "4242") {
      const { customer, session } = await openCheckout({ line_items: [ITEM(plan, interval)] });
      await pay(session.id, { card });
      const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
      await sandbox.idle();
      delivered.length = 0;
      return { customer, session, id: subscription as string };
    },

    used: async () => (await writer()).meters.find(({ field }) => field === "words_used")?.used,
    types: () => delivered.map(({ type }) => type),
  };
}
