/** Stripe's side of a test: signs events and delivers them to `receive`, as the route does. */
import { priceLists } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import { stripe } from "@/lib/processors/stripe";
import { type StripeObject, sign } from "@/lib/sandbox/event-builders/stripe/events";
import { type Receipt, receive } from "@/lib/webhooks/receive";

export const TEST_SECRET = "whsec_test";

const ENDPOINT = {
  source: stripe,
  secrets: [TEST_SECRET],
  findPrice: priceLists("stripe", {}, { sandbox: true }).find,
  livemode: false,
};

/** Delivers one event; the receipt is the answer to Stripe. `connectedAccount`: the value of STRIPE_ACCOUNT. */
export function deliver(
  gateway: Gateway,
  event: StripeObject,
  { connectedAccount }: { connectedAccount?: string } = {},
): Promise<Receipt> {
  const raw = Buffer.from(JSON.stringify(event));
  const signature = sign(raw, TEST_SECRET, Math.floor(Date.now() / 1000));
  return receive({ raw, signature }, { ...ENDPOINT, connectedAccount }, gateway);
}
