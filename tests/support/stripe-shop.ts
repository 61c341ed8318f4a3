/** What our purchase functions need, with the sandbox's Stripe behind it. */
import { priceLists, sales } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";
import type { playStripe } from "./played-stripe";

const SITE = "http://localhost:3000";

export function stripeShop({
  gateway,
  sandbox,
}: { gateway: Gateway } & Pick<ReturnType<typeof playStripe>, "sandbox">) {
  const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
  const httpClient = httpClientOver(() => sandbox, SITE);
  const client = stripeClient({ apiKey: "sk_test_sandbox", sales: sales(), findPrice, httpClient });
  return { gateway, appUrl: SITE, getProcessor: async () => ({ client, sold, sells: true }) } satisfies PurchaseContext;
}
