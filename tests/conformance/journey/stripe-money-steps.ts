/** Codes, taxes, refunds, credit notes and disputes at Stripe. */
import { expect } from "vitest";
import { DAY, HOUR } from "@/lib/billing/timeline/calendar";
import * as pages from "@/lib/sandbox/stripe/hosted";
import { invoicesOf } from "@/lib/subscriptions/invoices";
import type { Stage, Step } from "./stage";

/** Presses buttons on the page of the buyer's latest invoice, as the business does in Stripe's dashboard. */
async function press({ buyer, sandbox, settled, shop }: Stage, ...actions: string[]): Promise<void> {
  const [invoice] = (await invoicesOf(buyer.id, shop)).invoices;
  for (const action of actions) {
    const next = await settled(
      pages.submit(sandbox, "invoice", invoice?.id as string, new URLSearchParams({ action })),
    );
    expect(next).not.toContain("problem");
  }
}

export const STRIPE_MONEY_STEPS: readonly Step[] = [
  {
    name: "buy with a code, upgrade, and downgrade with the discount kept",
    async run({ open, pay, preview, change, wait, waitUntil, writer, buyer, shop }) {
      const { transaction } = await open("plus", "monthly", { code: "SPRING" });
      await pay(transaction);
      await wait(10 * DAY);
      expect((await preview("ultra")).discounts).toHaveLength(1);
      await change("ultra");
      const { effectiveAt } = await change("basic");
      await waitUntil(effectiveAt);
      await wait(2 * HOUR);
      expect(await writer()).toMatchObject({ plan: "basic" });
      const [renewal] = (await invoicesOf(buyer.id, shop)).invoices;
      expect(renewal?.discount?.amount).toBeGreaterThan(0);
    },
  },
  {
    name: "type a code on the checkout page",
    async run({ open, pay, sandbox, settled, wait }) {
      const { transaction } = await open("plus");
      const form = new URLSearchParams({ action: "code", code: "HALF3" });
      expect(await settled(pages.submit(sandbox, "checkout", transaction, form))).not.toContain("problem");
      await pay(transaction);
      await wait(100 * DAY);
    },
  },
  {
    name: "refund a half, then the rest",
    async run(stage) {
      await stage.buy("plus");
      await press(stage, "refund_half", "refund");
    },
  },
  {
    name: "credit an invoice",
    async run(stage) {
      await stage.buy("plus");
      await press(stage, "credit_note");
    },
  },
  {
    name: "win a dispute",
    async run(stage) {
      await stage.buy("plus");
      await press(stage, "dispute", "answer", "win");
      const [account] = (await stage.gateway.billingAccounts(stage.buyer.id)).customers;
      const customer = account?.customer as string;
      const [charge] = (await stage.stripe.charges.list({ customer })).data;
      expect(await (await stage.client()).chargedCustomer?.(charge?.id as string)).toBe(customer);
    },
  },
  {
    name: "lose a dispute",
    async run(stage) {
      await stage.buy("plus");
      await press(stage, "dispute", "lose");
    },
  },
];
