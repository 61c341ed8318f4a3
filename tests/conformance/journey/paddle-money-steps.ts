/** Codes, taxes, refunds and chargebacks at Paddle. */
import { expect } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { invoicesOf } from "@/lib/subscriptions/invoices";
import type { Step, StepContext } from "./step-context";

/** Presses a button on the sandbox's page of a transaction, in the role of Paddle or a bank. */
async function press(
  { hosted, sandbox, sdk, settled }: StepContext,
  transaction: string,
  action: string,
): Promise<void> {
  const [latest] = await sdk()
    .adjustments.list({ transactionId: [transaction], orderBy: "id[DESC]" })
    .next();
  expect(await settled(hosted.runAction(sandbox, transaction, action, latest?.id ?? null))).toBe(true);
}

/** A purchase that was paid; on it, the buttons in their order. */
function pressed(name: string, ...actions: string[]): Step {
  return {
    name,
    async run(step) {
      const { transaction } = await step.buy("silver");
      await step.wait(HOUR_MS);
      for (const action of actions) await press(step, transaction, action);
      await invoicesOf(step.buyer.id, step.context);
    },
  };
}

export const PADDLE_MONEY_STEPS: readonly Step[] = [
  {
    name: "buy with a code, upgrade and renew",
    async run({ open, pay, preview, change, wait, mail }) {
      const { transaction } = await open("silver", "monthly", { code: "SPRING20" });
      await pay(transaction);
      await wait(10 * DAY_MS);
      await preview("titanium");
      await change("titanium");
      await wait(25 * DAY_MS + HOUR_MS);
      expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
    },
  },
  {
    name: "type a code and a country on the checkout page",
    async run({ buyer, hosted, open, sandbox, settled, wait }) {
      const { transaction } = await open("silver");
      const payment = { card: "4242" as const, email: buyer.email, name: "Ada", confirmed: false };
      const paid = await settled(hosted.pay(sandbox, transaction, { ...payment, code: "HALF3", country: "DE" }));
      expect(paid).toEqual({ outcome: "succeeded" });
      await wait(100 * DAY_MS);
    },
  },
  pressed("refund a half, then the rest", "refund_half", "approve", "refund", "approve"),
  pressed("reject a refund", "refund", "reject"),
  pressed("charge back, and win", "chargeback", "chargeback_reverse"),
  pressed("warn of a chargeback, and take it back", "chargeback_warning", "chargeback_reverse"),
];
