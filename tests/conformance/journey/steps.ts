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
    async run({ open, pay, preview, change, wait, mail, buyer, context, processor }) {
      const { id, transaction } = await open("silver");
      expect(await checkoutStatus(buyer.id, id, context)).toMatchObject({ status: "open" });
      await pay(transaction);
      expect(await returnFromCheckout(buyer.id, id, context)).toMatchObject({ status: "active" });
      await wait(10 * DAY_MS);
      expect((await preview("titanium")).dueNow?.amount).toBeGreaterThan(0);
      await change("titanium");
      expect(await mail()).toMatchObject({ plan: "titanium" });
      const { invoices } = await invoicesOf(buyer.id, context);
      expect(invoices).toHaveLength(2);
      await portalOf(buyer.id, "mail", context);
      await invoiceDocument(buyer.id, processor, invoices[0]?.id as string, context);
    },
  },
  {
    name: "close a checkout for another plan",
    async run({ open, pay, mail }) {
      const first = await open("silver");
      expect(await pay(first.transaction, { card: "0002" })).toMatchObject({ outcome: "declined" });
      const second = await open("titanium");
      await pay(second.transaction);
      expect(await mail()).toMatchObject({ plan: "titanium" });
    },
  },
  {
    name: "downgrade at the renewal, undo it, and downgrade again",
    async run({ buy, preview, change, resume, wait, waitUntil, mail }) {
      await buy("titanium");
      expect(await preview("bronze")).toMatchObject({ timing: "period_end" });
      await change("bronze");
      await resume();
      expect(await mail()).toMatchObject({ scheduledPlan: null });
      const { effectiveAt } = await change("bronze");
      await waitUntil(effectiveAt);
      await wait(2 * HOUR_MS);
      expect(await mail()).toMatchObject({ plan: "bronze" });
    },
  },
  {
    name: "change from the month to the year",
    async run({ buy, preview, change, wait, mail }) {
      await buy("silver");
      await wait(10 * DAY_MS);
      await preview("silver", "yearly");
      await change("silver", "yearly");
      expect(await mail()).toMatchObject({ interval: "yearly" });
    },
  },
  {
    name: "cancel, resume, cancel and buy again",
    async run({ buy, cancel, resume, wait, waitUntil, mail }) {
      await buy("silver");
      await cancel();
      await resume();
      expect(await mail()).toMatchObject({ cancelAt: null });
      const { effectiveAt } = await cancel();
      await waitUntil(effectiveAt);
      await wait(HOUR_MS);
      expect(await mail()).toMatchObject({ plan: "free" });
      await buy("bronze");
    },
  },
  {
    name: "fail at the renewal, be past due, and lose the plan",
    async run({ buy, waitUntil, wait, mail, buyer, context }) {
      await buy("silver", "monthly", { card: "0341" });
      await waitUntil((await mail()).periodEnd as string);
      await wait(2 * HOUR_MS);
      expect(await mail()).toMatchObject({ status: "past_due" });
      await duePaymentOf(buyer.id, "mail", context);
      await wait(40 * DAY_MS);
      expect(await mail()).toMatchObject({ plan: "free" });
    },
  },
  {
    name: "decline an upgrade",
    async run({ buy, change, mail }) {
      await buy("silver", "monthly", { card: "0341" });
      await change("titanium").catch((error: unknown) => expect(error).toMatchObject({ problem: "payment_required" }));
      expect(await mail()).toMatchObject({ plan: "silver" });
    },
  },
  {
    name: "authenticate a card",
    async run({ open, pay, mail }) {
      const { transaction } = await open("silver");
      expect(await pay(transaction, { card: "3155" })).toMatchObject({ outcome: "requires_action" });
      await pay(transaction, { card: "3155", confirmed: true });
      expect(await mail()).toMatchObject({ plan: "silver" });
    },
  },
  {
    name: "compare with the processor",
    async run({ buy, client: clientOf, context, processor, subscription, gateway, buyer }) {
      await buy("silver");
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
