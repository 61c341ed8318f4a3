import { paths } from "@/lib/config/current-catalog";
import type { ProcessorClient } from "@/lib/processors/processor-client";

/**
 * Paddle.js opens Paddle's checkouts at the link of the transaction, a page of ours. The sandbox has no Paddle.js: the
 * payer goes to the fake page, and from there to the page that follows ours.
 */
export function withFakeCheckout(client: ProcessorClient, site: string): ProcessorClient {
  return {
    ...client,
    async checkout(request) {
      const made = await client.checkout(request);
      return { ...made, url: `${site}${paths().sandbox}/paddle/checkout/${made.transaction}` };
    },
    async duePage(subscription) {
      const owed = await client.duePage(subscription);
      return owed && `${site}${paths().sandbox}/paddle/payment/${subscription}`;
    },
  };
}
