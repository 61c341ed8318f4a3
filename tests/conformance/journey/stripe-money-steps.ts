/** Codes, taxes, refunds, credit notes and disputes at Stripe. */
import { expect } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { priceLists } from "@/lib/config/current-catalog";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import * as pages from "@/lib/sandbox/stripe/hosted";
import { changePlan, previewChange } from "@/lib/subscriptions/change";
import { checkout } from "@/lib/subscriptions/checkout";
import { invoicesOf } from "@/lib/subscriptions/invoices";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";
import type { Step, StepContext } from "./step-context";

/** Presses buttons on the page of the buyer's latest invoice, as the business does in Stripe's dashboard. */
async function press({ buyer, sandbox, settled, context }: StepContext, ...actions: string[]): Promise<void> {
  const [invoice] = (await invoicesOf(buyer.id, context)).invoices;
  for (const action of actions) {
    const next = await settled(
      pages.submit(sandbox, "invoice", invoice?.id as string, new URLSearchParams({ action })),
    );
    expect(next).not.toContain("problem");
  }
}

/** The product with Stripe Tax and tax ids, which the catalog's sales leave off. */
function withTax({ context, sandbox }: StepContext): PurchaseContext {
  const client = stripeClient({
    apiKey: "sk_test_journey",
    findPrice: priceLists("stripe", process.env, { sandbox: true }).find,
    sales: { automaticTax: true, taxIds: true, promotionCodes: true },
    httpClient: httpClientOver(() => sandbox, "http://localhost:3000"),
  });
  return {
    ...context,
    async getProcessor(processor) {
      const found = await context.getProcessor(processor);
      return found && processor === "stripe" ? { ...found, client } : found;
    },
  };
}

export const STRIPE_MONEY_STEPS: readonly Step[] = [
  {
    name: "buy with a code, upgrade, and downgrade with the discount kept",
    async run({ open, pay, preview, change, wait, waitUntil, mail, buyer, context }) {
      const { transaction } = await open("silver", "monthly", { code: "SPRING" });
      await pay(transaction);
      await wait(10 * DAY_MS);
      expect((await preview("titanium")).discounts).toHaveLength(1);
      await change("titanium");
      const { effectiveAt } = await change("bronze");
      await waitUntil(effectiveAt);
      await wait(2 * HOUR_MS);
      expect(await mail()).toMatchObject({ plan: "bronze" });
      const [renewal] = (await invoicesOf(buyer.id, context)).invoices;
      expect(renewal?.discount?.amount).toBeGreaterThan(0);
    },
  },
  {
    name: "type a code on the checkout page",
    async run({ open, pay, sandbox, settled, wait }) {
      const { transaction } = await open("silver");
      const form = new URLSearchParams({ action: "code", code: "HALF3" });
      expect(await settled(pages.submit(sandbox, "checkout", transaction, form))).not.toContain("problem");
      await pay(transaction);
      await wait(100 * DAY_MS);
    },
  },
  {
    name: "buy and upgrade with tax",
    async run(step) {
      const { buyer, gateway, sandbox, settled, pay } = step;
      const taxed = withTax(step);
      const asked = checkoutRequest.parse({ product: "mail", plan: "silver", processor: "stripe" });
      const { checkout: id } = await checkout(buyer, asked, taxed);
      const transaction = (await gateway.loadCheckout(buyer.id, id))?.externalId as string;
      const address = new URLSearchParams({ action: "address", country: "DE" });
      expect(await settled(pages.submit(sandbox, "checkout", transaction, address))).not.toContain("problem");
      expect(await pay(transaction)).toEqual({ outcome: "succeeded" });
      const titanium = { product: "mail", plan: "titanium" } as const;
      const preview = await previewChange(buyer.id, titanium, taxed);
      expect(preview.tax?.amount).toBeGreaterThan(0);
      await settled(changePlan(buyer.id, titanium, taxed));
      const [upgrade] = (await invoicesOf(buyer.id, taxed)).invoices;
      expect(upgrade).toMatchObject({ total: preview.dueNow, tax: preview.tax });
    },
  },
  {
    name: "refund a half, then the rest",
    async run(step) {
      await step.buy("silver");
      await press(step, "refund_half", "refund");
    },
  },
  {
    name: "credit an invoice",
    async run(step) {
      await step.buy("silver");
      await press(step, "credit_note");
    },
  },
  {
    name: "win a dispute",
    async run(step) {
      await step.buy("silver");
      await press(step, "dispute", "answer", "win");
      const [account] = (await step.gateway.billingAccounts(step.buyer.id)).customers;
      const customer = account?.customer as string;
      const [charge] = (await step.stripe.charges.list({ customer })).data;
      expect(await (await step.client()).chargedCustomer?.(charge?.id as string)).toBe(customer);
    },
  },
  {
    name: "lose a dispute",
    async run(step) {
      await step.buy("silver");
      await press(step, "dispute", "lose");
    },
  },
];
