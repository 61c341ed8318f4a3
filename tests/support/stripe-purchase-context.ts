/** The context of our purchase functions, with the sandbox's Stripe. */
import { priceLists, sales } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";
import type { createFakeStripe } from "./fake-stripe";

const SITE = "http://localhost:3000";

export function stripePurchaseContext({
  gateway,
  sandbox,
}: { gateway: Gateway } & Pick<ReturnType<typeof createFakeStripe>, "sandbox">) {
  const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
  const httpClient = httpClientOver(() => sandbox, SITE);
  const client = stripeClient({ apiKey: "sk_test_sandbox", sales: sales(), findPrice, httpClient });
  return { gateway, appUrl: SITE, getProcessor: async () => ({ client, sold, sells: true }) } satisfies PurchaseContext;
}
