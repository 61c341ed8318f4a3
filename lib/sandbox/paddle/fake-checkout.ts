import { paths } from "@/lib/config/current-catalog";
import type { ProcessorClient } from "@/lib/processors/processor-client";

/**
 * Paddle.js opens Paddle's checkouts at an address of ours that names the transaction. The sandbox has no Paddle.js:
 * the payer goes to the fake page, and from there to that address.
 */
export function withFakeCheckout(client: ProcessorClient, site: string): ProcessorClient {
  return {
    ...client,
    async checkout(request) {
      const made = await client.checkout({ ...request, checkoutPage: request.returnUrl });
      return { ...made, url: `${site}${paths().sandbox}/paddle/checkout/${made.transaction}` };
    },
    async duePage(subscription) {
      const owed = await client.duePage(subscription);
      return owed && `${site}${paths().sandbox}/paddle/payment/${subscription}`;
    },
  };
}
