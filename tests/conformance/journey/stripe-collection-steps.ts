/** Charges that are no card's at once, at Stripe: bank debits, sent invoices, and cards that the payer must confirm. */
import { expect } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import * as pages from "@/lib/sandbox/stripe/hosted";
import type { MethodNumber } from "@/lib/sandbox/stripe/methods";
import type { Step, StepContext } from "./step-context";

const payment = (card: MethodNumber | null, confirmed = false) => ({ card, confirmed, email: null, name: null });

async function buyWith({ open, sandbox, settled }: StepContext, card: MethodNumber): Promise<void> {
  const { transaction } = await open("silver");
  await settled(pages.paySession(sandbox, transaction, payment(card, true)));
}

async function confirmAt({ sandbox, settled }: StepContext, url: string | null, card: MethodNumber): Promise<void> {
  const invoice = url?.split("/").at(-1) as string;
  expect(await settled(pages.payInvoice(sandbox, invoice, payment(card, true)))).toEqual({ outcome: "succeeded" });
}

async function paused(step: StepContext, mode: "classic" | "flexible", card: MethodNumber): Promise<void> {
  const { stripe, sandbox, settled, wait, buyer } = step;
  const { id: customer } = await stripe.customers.create({ email: buyer.email, metadata: { user_id: buyer.id } });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
    payment_method_collection: "if_required",
    subscription_data: {
      metadata: { user_id: buyer.id },
      billing_mode: { type: mode },
      trial_period_days: 7,
      trial_settings: { end_behavior: { missing_payment_method: "pause" } },
    },
    success_url: "http://localhost:3000/billing",
  });
  await settled(pages.paySession(sandbox, session.id, payment(null)));
  await wait(8 * DAY_MS);
  const { id: portal } = await stripe.billingPortal.sessions.create({ customer });
  await settled(pages.changeCard(sandbox, portal, payment(card, true)));
}

export const STRIPE_COLLECTION_STEPS: readonly Step[] = [
  {
    name: "buy and upgrade by bank debits that pay",
    async run(step) {
      await buyWith(step, "6789");
      await step.wait(4 * DAY_MS + HOUR_MS);
      expect(await step.preview("titanium")).toMatchObject({ collection: "bank_debit" });
      expect(await step.change("titanium")).toMatchObject({ outcome: "pending" });
      await step.wait(4 * DAY_MS + HOUR_MS);
      expect(await step.mail()).toMatchObject({ plan: "titanium", status: "active" });
    },
  },
  {
    name: "buy by a bank debit that fails, until the subscription ends",
    async run(step) {
      await buyWith(step, "2227");
      await step.wait(4 * DAY_MS + HOUR_MS);
      expect(await step.mail()).toMatchObject({ status: "past_due" });
      await step.wait(60 * DAY_MS);
      expect(await step.mail()).toMatchObject({ plan: "free" });
    },
  },
  {
    name: "upgrade by a sent invoice",
    async run({ buy, preview, change, settled, stripe, subscription, mail }) {
      await buy("silver");
      const sent = { collection_method: "send_invoice", days_until_due: 14 } as const;
      await settled(stripe.subscriptions.update(await subscription(), sent));
      expect(await preview("titanium")).toMatchObject({ collection: "sent_invoice", collectionDays: 14 });
      await change("titanium");
      expect(await mail()).toMatchObject({ plan: "titanium" });
    },
  },
  {
    name: "confirm an upgrade, a switch to a year, and a renewal",
    async run(step) {
      await buyWith(step, "3184");
      await confirmAt(step, (await step.change("titanium")).url, "3184");
      await confirmAt(step, (await step.change("titanium", "yearly")).url, "3184");
      const { periodEnd } = await step.mail();
      await step.waitUntil(periodEnd as string);
      await step.wait(2 * HOUR_MS);
      expect(await step.mail()).toMatchObject({ status: "past_due" });
      const url = await (await step.client()).duePage(await step.subscription());
      await confirmAt(step, url, "3184");
      expect(await step.mail()).toMatchObject({ plan: "titanium", interval: "yearly", status: "active" });
    },
  },
  {
    name: "switch the interval with the renewal",
    async run({ buy, change, waitUntil, wait, mail }) {
      await buy("silver", "yearly");
      const { effectiveAt } = await change("silver", "monthly");
      await waitUntil(effectiveAt);
      await wait(2 * HOUR_MS);
      expect(await mail()).toMatchObject({ plan: "silver", interval: "monthly" });
    },
  },
  {
    name: "confirm the end of a pause",
    async run(step) {
      await paused(step, "flexible", "3184");
      const { outcome, url } = await step.resume();
      expect(outcome).toBe("payment_needed");
      await confirmAt(step, url, "3184");
      expect(await step.mail()).toMatchObject({ plan: "silver", status: "active" });
    },
  },
  {
    name: "end the pause of a classic subscription",
    async run(step) {
      await paused(step, "classic", "4242");
      expect(await step.resume()).toMatchObject({ outcome: "pending" });
      expect(await step.mail()).toMatchObject({ plan: "silver", status: "active" });
    },
  },
  {
    name: "cancel in the portal, and keep the subscription",
    async run({ buy, sandbox, settled, stripe, subscription, resume, mail }) {
      await buy("silver");
      const id = await subscription();
      const { customer } = await stripe.subscriptions.retrieve(id);
      const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer as string });
      await settled(pages.setCancel(sandbox, portal, id, true));
      expect((await mail()).cancelAt).not.toBeNull();
      await resume();
      expect((await mail()).cancelAt).toBeNull();
    },
  },
];
