/** The steps at both processors. Each begins with a new buyer, and runs at Stripe and at Paddle. */
import { expect } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fetchThrough, reconcileSubscriptions } from "@/lib/jobs/reconcile";
import { checkoutStatus, returnFromCheckout } from "@/lib/subscriptions/checkout-return";
import { duePaymentOf, invoiceDocument, invoicesOf, portalOf } from "@/lib/subscriptions/invoices";
import { reconcile } from "@/lib/webhooks/refresh";
import type { Step } from "./step-context";

export const STEPS: readonly Step[] = [
  {
    name: "buy, look at the invoices and the portal, and upgrade",
    async run({ open, pay, preview, change, wait, writer, buyer, context, processor }) {
      const { id, transaction } = await open("plus");
      expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "open" });
      await pay(transaction);
      expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "active" });
      await wait(10 * DAY_MS);
      expect((await preview("ultra")).dueNow?.amount).toBeGreaterThan(0);
      await change("ultra");
      expect(await writer()).toMatchObject({ plan: "ultra" });
      const { invoices } = await invoicesOf(buyer.id, context);
      expect(invoices).toHaveLength(2);
      await portalOf(buyer.id, "writer", context);
      await invoiceDocument(buyer.id, processor, invoices[0]?.id as string, context);
    },
  },
  {
    name: "close a checkout for another plan",
    async run({ open, pay, writer }) {
      const first = await open("plus");
      expect(await pay(first.transaction, { card: "0002" })).toMatchObject({ outcome: "declined" });
      const second = await open("ultra");
      await pay(second.transaction);
      expect(await writer()).toMatchObject({ plan: "ultra" });
    },
  },
  {
    name: "downgrade at the renewal, undo it, and downgrade again",
    async run({ buy, preview, change, resume, wait, waitUntil, writer }) {
      await buy("ultra");
      expect(await preview("basic")).toMatchObject({ timing: "period_end" });
      await change("basic");
      await resume();
      expect(await writer()).toMatchObject({ scheduledPlan: null });
      const { effectiveAt } = await change("basic");
      await waitUntil(effectiveAt);
      await wait(2 * HOUR_MS);
      expect(await writer()).toMatchObject({ plan: "basic" });
    },
  },
  {
    name: "change from the month to the year",
    async run({ buy, preview, change, wait, writer }) {
      await buy("plus");
      await wait(10 * DAY_MS);
      await preview("plus", "yearly");
      await change("plus", "yearly");
      expect(await writer()).toMatchObject({ interval: "yearly" });
    },
  },
  {
    name: "cancel, resume, cancel and buy again",
    async run({ buy, cancel, resume, wait, waitUntil, writer }) {
      await buy("plus");
      await cancel();
      await resume();
      expect(await writer()).toMatchObject({ cancelAt: null });
      const { effectiveAt } = await cancel();
      await waitUntil(effectiveAt);
      await wait(HOUR_MS);
      expect(await writer()).toMatchObject({ plan: "free" });
      await buy("basic");
    },
  },
  {
    name: "fail at the renewal, be past due, and lose the plan",
    async run({ buy, waitUntil, wait, writer, buyer, context }) {
      await buy("plus", "monthly", { card: "0341" });
      await waitUntil((await writer()).periodEnd as string);
      await wait(2 * HOUR_MS);
      expect(await writer()).toMatchObject({ status: "past_due" });
      await duePaymentOf(buyer.id, "writer", context);
      await wait(40 * DAY_MS);
      expect(await writer()).toMatchObject({ plan: "free" });
    },
  },
  {
    name: "decline an upgrade",
    async run({ buy, change, writer }) {
      await buy("plus", "monthly", { card: "0341" });
      await change("ultra").catch((error: unknown) => expect(error).toMatchObject({ problem: "payment_required" }));
      expect(await writer()).toMatchObject({ plan: "plus" });
    },
  },
  {
    name: "authenticate a card",
    async run({ open, pay, writer }) {
      const { transaction } = await open("plus");
      expect(await pay(transaction, { card: "3155" })).toMatchObject({ outcome: "requires_action" });
      await pay(transaction, { card: "3155", confirmed: true });
      expect(await writer()).toMatchObject({ plan: "plus" });
    },
  },
  {
    name: "compare with the processor",
    async run({ buy, client: clientOf, context, processor, subscription, gateway, buyer }) {
      await buy("plus");
      const client = await clientOf();
      const fetch = fetchThrough(context.getProcessor);
      const report = await reconcileSubscriptions(gateway, fetch, { repair: true, userId: buyer.id });
      expect(report).toMatchObject({ checked: 1, different: 0, recordsUnread: 0 });
      expect(
        await reconcile({ userId: buyer.id, processor, subscription: await subscription() }, client, gateway),
      ).toEqual({
        outcome: "nothing_new",
      });
    },
  },
];
