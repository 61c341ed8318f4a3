/** A database for the file, and one buyer per test who opens two checkouts at fake processors. */
import { afterAll, beforeEach } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Processor } from "@/lib/billing/types";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { checkout } from "@/lib/subscriptions/checkout";
import { returnFromCheckout } from "@/lib/subscriptions/checkout-return";
import { endDuplicatePurchases } from "@/lib/subscriptions/duplicate-purchases";
import { reconcile } from "@/lib/webhooks/refresh";
import { testDatabase } from "./database";
import { fakeProcessors } from "./fake-processors";

export function purchasesPaidTwice() {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));

  afterAll(() => gateway.end());

  let users = 0;
  /** One per test. */
  const buyer = { id: "", email: "one@example.com" };

  beforeEach(async () => {
    users += 1;
    buyer.id = `buyer-${users}`;
    // The job finds no checkouts of other tests.
    await database.pool().query("delete from checkouts");
  });

  /** A buyer with two checkouts of Mail, opened one after the other. */
  async function twoOpen(first: [string, Processor], second: [string, Processor], closes = false) {
    const fake = fakeProcessors(gateway, { canClose: closes });
    const { context, checkouts, pay, requestsOf } = fake;
    const ids: string[] = [];
    for (const [plan, processor] of [first, second]) {
      const wanted = checkoutRequest.parse({ product: "mail", plan, processor });
      ids.push((await checkout(buyer, wanted, context)).checkout);
    }
    const transactions = checkouts.map(({ id }) => id) as [string, string];
    const begunAt = Date.now() - 10 * MINUTE_MS;
    return {
      ...fake,
      transactions,
      /** Pays the checkout with this index, `minutes` after the first payment. */
      pay: (which: 0 | 1, minutes = 0) => pay(transactions[which], begunAt + minutes * MINUTE_MS),
      returnsFrom: (which: 0 | 1) => returnFromCheckout(buyer.id, ids[which] as string, context),
      /** Adds the subscription, as its webhook does. */
      async receives(which: 0 | 1, subscription: string) {
        const processor = which === 0 ? first[1] : second[1];
        const { client } = (await context.getProcessor(processor)) ?? {};
        if (client === undefined) throw new Error(`no ${processor}`);
        await reconcile(
          { userId: buyer.id, processor, subscription, transaction: transactions[which] },
          client,
          gateway,
        );
      },
      async round() {
        await database.pool().query("update checkouts set updated_at = now() - interval '2 minutes'");
        const { looked: _, ...result } = await endDuplicatePurchases(context);
        return result;
      },
      cancels: () => requestsOf("cancel"),
      refunds: () => requestsOf("refundCheckout"),
    };
  }

  async function mail() {
    const found = (await gateway.usage(buyer.id)).subscriptions.find(({ product }) => product === "mail");
    if (!found) throw new Error("no mail");
    return found;
  }

  return { database, gateway, buyer, twoOpen, mail };
}
