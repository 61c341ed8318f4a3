/** One payer per test at the fake Paddle: opens checkouts, subscribes, and reads the result of the fold. */
import { ApiError } from "@paddle/paddle-node-sdk";
import { createFakePaddle } from "./fake-paddle";
import { payerAt } from "./payer";

/** The events of a renewal before its charge, and of a successful charge. */
export const RENEWAL = ["subscription.updated", "transaction.created", "transaction.billed"];
export const PAID = ["transaction.updated", "transaction.paid", "transaction.updated", "transaction.completed"];

export function paddlePayer() {
  const shared = payerAt(createFakePaddle);
  const { gateway, payer, sdk, delivered, pay } = shared;

  const items = (plan: string, interval = "monthly") => [{ priceId: `pri_mail_${plan}_${interval}`, quantity: 1 }];

  /** Opens a checkout as our server does, and stores its user before a payment is possible. */
  async function openCheckout(plan = "silver", interval: "monthly" | "yearly" = "monthly", customerId?: string) {
    const transaction = await sdk().transactions.create({
      items: items(plan, interval),
      customData: { user_id: payer.id },
      checkout: { url: "http://localhost:3000/billing?checkout=1" },
      ...(customerId && { customerId }),
    });
    const spec = { userId: payer.id, product: "mail", plan, interval, trial: false, processor: "paddle" } as const;
    const begun = await gateway.beginCheckout(spec);
    if (begun.outcome !== "begun") throw new Error(begun.outcome);
    await gateway.openCheckout(payer.id, begun.checkout.id, transaction.id, "http://localhost:3000/pay");
    return transaction;
  }

  return {
    ...shared,
    items,
    openCheckout,

    async subscribe(plan = "silver", interval: "monthly" | "yearly" = "monthly", card: "4242" | "0341" = "4242") {
      const { id: transaction } = await openCheckout(plan, interval);
      await pay(transaction, { card });
      const { subscriptionId, customerId } = await sdk().transactions.get(transaction);
      delivered.length = 0;
      return { transaction, id: subscriptionId as string, customer: customerId as string };
    },

    code,
  };
}

/** The code of the API's refusal; null if the request succeeds. */
function code(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => null,
    (error: unknown) => (error instanceof ApiError ? error.code : error),
  );
}
