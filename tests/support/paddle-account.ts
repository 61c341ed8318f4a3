/** One payer per test at the sandbox's Paddle, with the product's client, the real SDK and the fold around it. */
import { expect } from "vitest";
import type { Payment } from "@/lib/sandbox/paddle/checkout";
import { createFakePaddle } from "./fake-paddle";
import { payerAt } from "./payer";

export function paddleAccount(name: string) {
  const shared = payerAt(createFakePaddle, name);
  const { gateway, payer, sandbox, sdk, context, delivered, pay, hosted } = shared;

  async function client() {
    const found = await context.getProcessor("paddle");
    if (found === undefined) throw new Error("no Paddle");
    return found.client;
  }

  /** Opens a checkout through our client, and stores its user. */
  async function open(discount?: string) {
    const spec = { userId: payer.id, product: "mail", plan: "silver", interval: "monthly", trial: false } as const;
    const begun = await gateway.beginCheckout({ ...spec, processor: "paddle" });
    if (begun.outcome !== "begun") throw new Error(begun.outcome);
    const made = await (await client()).checkout({
      userId: payer.id,
      customer: null,
      email: null,
      priceId: "pri_mail_silver_monthly",
      returnUrl: "http://localhost:3000/billing",
      checkoutPage: "http://localhost:3000/checkout/paddle",
      ...(discount && { code: discount }),
    });
    await gateway.openCheckout(payer.id, begun.checkout.id, made.transaction, made.url);
    return made.transaction;
  }

  async function buy({ discount, ...payment }: Partial<Payment> & { discount?: string } = {}) {
    const transaction = await open(discount);
    expect(await pay(transaction, payment)).toEqual({ outcome: "succeeded" });
    delivered.length = 0;
    const { subscriptionId, details } = await sdk().transactions.get(transaction);
    return { transaction, subscription: subscriptionId as string, line: details?.lineItems[0]?.id as string };
  }

  async function run(transaction: string, action: string, adjustment: string | null = null) {
    const done = await hosted.runAction(sandbox, transaction, action, adjustment);
    await sandbox.idle();
    return done;
  }

  const adjustments = async (transaction: string) =>
    sdk()
      .adjustments.list({ transactionId: [transaction] })
      .next();
  const notes = async () =>
    (await gateway.userDetail(payer.id, 1)).notes.map(({ kind, amount, currency, detail }) => [
      kind,
      amount,
      currency,
      detail,
    ]);
  const invoices = async () => {
    const { subscriptions } = await gateway.billingAccounts(payer.id);
    return (await client()).invoices({ subscriptions: subscriptions.map(({ subscription }) => subscription) });
  };
  const refunded = async () => (await invoices()).map((each) => each.refunded?.amount ?? 0);

  return { ...shared, client, open, buy, run, adjustments, notes, invoices, refunded };
}
