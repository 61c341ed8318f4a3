/** The steps at Paddle alone. */
import { expect } from "vitest";
import { HOUR_MS } from "@/lib/billing/timeline/calendar";
import { endDuplicatePurchases } from "@/lib/subscriptions/duplicate-purchases";
import { portalOf } from "@/lib/subscriptions/invoices";
import { reconcile } from "@/lib/webhooks/refresh";
import type { Step } from "./step-context";

export const PADDLE_STEPS: readonly Step[] = [
  {
    name: "buy with a code, and read what it takes off",
    async run({ open, pay, client, gateway, buyer, mail, subscription, processor }) {
      const { transaction } = await open("silver", "monthly", { code: "SPRING20" });
      await pay(transaction);
      await reconcile({ userId: buyer.id, processor, subscription: await subscription() }, await client(), gateway);
      expect((await mail()).discounts).toMatchObject([{ code: "SPRING20" }]);
    },
  },
  {
    name: "pay two checkouts, and end the doubled one",
    async run({ open, pay, context, settled, wait, database }) {
      const first = await open("silver");
      const second = await open("titanium");
      await pay(second.transaction);
      await pay(first.transaction);
      // The job looks at a replaced checkout once a minute.
      await database.pool().query("update checkouts set updated_at = now() - interval '2 minutes'");
      expect(await settled(endDuplicatePurchases(context))).toMatchObject({ ended: 1, failed: 0 });
      await wait(HOUR_MS);
    },
  },
  {
    name: "open the portal of a customer whom an admin has linked",
    async run({ buy, buyer, client, gateway, context, subscription }) {
      await buy("silver");
      const { identity } = await (await client()).subscription(await subscription());
      await gateway.linkCustomer("paddle", identity.customer as string, buyer.id, "admin");
      expect((await portalOf(buyer.id, "mail", context)).url).toContain("/sandbox/paddle/portal/");
    },
  },
  {
    name: "pause and resume",
    async run({ buy, sdk, settled, subscription, resume, mail }) {
      await buy("silver");
      await settled(sdk().subscriptions.pause(await subscription(), { effectiveFrom: "immediately" }));
      await resume();
      expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    },
  },
  {
    name: "change the card after a failed renewal",
    async run({ buy, changeCard, client, subscription, waitUntil, wait, mail }) {
      await buy("silver", "monthly", { card: "0341" });
      const id = await subscription();
      await waitUntil((await mail()).periodEnd as string);
      await wait(2 * HOUR_MS);
      expect(await (await client()).paymentPage(id)).toMatch(/^http/);
      await changeCard(id);
      expect(await mail()).toMatchObject({ status: "active" });
    },
  },
  {
    name: "change the card if nothing is owed",
    async run({ buy, changeCard, subscription }) {
      await buy("silver");
      await changeCard(await subscription());
    },
  },
];
