/** The steps at Stripe alone. */
import { expect } from "vitest";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { fetchThrough, reconcileSubscriptions } from "@/lib/jobs/reconcile";
import { planPrice } from "@/lib/sandbox/event-builders/stripe/events";
import type { Sandbox } from "@/lib/sandbox/sandbox";
import { fakeStripe } from "@/lib/sandbox/stripe";
import type { AccountState } from "@/lib/sandbox/stripe/account-state";
import { emitChange } from "@/lib/sandbox/stripe/emit";
import * as pages from "@/lib/sandbox/stripe/hosted";
import { subscriptionOf } from "@/lib/sandbox/stripe/objects";
import { checkout } from "@/lib/subscriptions/checkout";
import { endDuplicatePurchases } from "@/lib/subscriptions/duplicate-purchases";
import { reconcile } from "@/lib/webhooks/refresh";
import type { Step } from "./step-context";

/** Items that a business sells beside the plan; the catalog lists none of their prices. */
const ADD_ONS = Array.from({ length: 10 }, (_, index) => {
  const price = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
  return { id: `si_addon_${index}`, price: { ...price, id: `price_addon_${index}`, product: `prod_addon_${index}` } };
});

/** As a business does it in Stripe's dashboard. */
function addItems(sandbox: Sandbox, subscription: string) {
  return sandbox.command<AccountState>(
    {
      of: { object: subscription },
      run: (step) => {
        const held = step.state.subscriptions.find(({ id }) => id === subscription);
        if (held === undefined) throw new Error("The account has no such subscription.");
        const object = () => subscriptionOf(step.state, held);
        emitChange(step, "customer.subscription.updated", object, () => held.items.unshift(...ADD_ONS));
        return { status: 200, body: {} };
      },
    },
    fakeStripe,
  );
}

export const STRIPE_STEPS: readonly Step[] = [
  {
    name: "pay a session beside a subscription of the other processor, and end it",
    async run({ open, pay, hosted, sandbox, context, settled, wait, database, gateway, buyer, mail }) {
      const asked = checkoutRequest.parse({ product: "mail", plan: "silver", processor: "paddle" });
      const { checkout: id } = await checkout(buyer, asked, context);
      const { transaction } = await open("titanium");
      const first = (await gateway.loadCheckout(buyer.id, id))?.externalId as string;
      const payment = { card: "4242", email: buyer.email, name: "Ada", confirmed: false } as const;
      await settled(hosted.pay(sandbox, first, payment));
      await wait(HOUR_MS);
      await pay(transaction);
      // The job looks at a checkout a minute after its last change.
      await database.pool().query("update checkouts set updated_at = now() - interval '2 minutes'");
      expect(await settled(endDuplicatePurchases(context))).toMatchObject({ ended: 1, failed: 0 });
      expect(await gateway.auditEntries(buyer.id, 1)).toMatchObject([
        { act: "purchase.refunded", details: { processor: "stripe", transaction } },
      ]);
      expect(await mail()).toMatchObject({ plan: "silver", status: "active", processor: "paddle" });
    },
  },
  {
    name: "buy with a code, and compare what was refunded and disputed",
    async run({ open, pay, client, sandbox, settled, gateway, context, buyer, mail, subscription, processor }) {
      const { transaction } = await open("silver", "monthly", { code: "SPRING" });
      await pay(transaction);
      const reader = await client();
      await reconcile({ userId: buyer.id, processor, subscription: await subscription() }, reader, gateway);
      expect((await mail()).discounts).toMatchObject([{ code: "SPRING", off: { percent: 20 } }]);
      const [billed] = (await gateway.billingAccounts(buyer.id)).customers;
      const [paid] = await reader.invoices({ customer: billed?.customer as string });
      for (const action of ["refund_half", "dispute", "lose"]) {
        const pressed = new URLSearchParams({ action });
        await settled(pages.submit(sandbox, "invoice", paid?.id as string, pressed));
      }
      const fetch = fetchThrough(context.getProcessor);
      const report = await reconcileSubscriptions(gateway, fetch, { repair: true, userId: buyer.id });
      // A dispute's events name no customer.
      expect(report.findings.flatMap(({ differences }) => differences.map(({ field }) => field))).toEqual([
        "dispute",
        "dispute",
      ]);
      expect(report).toMatchObject({ repaired: 1, recordsUnread: 0 });
    },
  },
  {
    name: "try a plan",
    async run({ open, pay, wait, mail }) {
      const { transaction } = await open("silver", "monthly", { trial: true });
      await pay(transaction);
      expect(await mail()).toMatchObject({ status: "trialing" });
      await wait(15 * DAY_MS);
      expect(await mail()).toMatchObject({ status: "active" });
    },
  },
  {
    name: "withdraw an upgrade that waits for its payment",
    async run({ buy, change, cancel, mail }) {
      await buy("silver", "monthly", { card: "0341" });
      expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
      expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
      await change("silver", "yearly");
      await cancel();
      expect(await mail()).toMatchObject({ plan: "silver" });
    },
  },
  {
    name: "pay a failed renewal on its page, with another card",
    async run({ buy, sandbox, settled, subscription, stripe, waitUntil, wait, mail }) {
      await buy("silver", "monthly", { card: "0341" });
      const id = await subscription();
      await waitUntil((await mail()).periodEnd as string);
      await wait(2 * HOUR_MS);
      const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id);
      const payment = { card: "4242" as const, email: null, name: null, confirmed: false };
      await settled(pages.payInvoice(sandbox, invoice as string, payment));
      expect(await mail()).toMatchObject({ status: "active" });
    },
  },
  {
    name: "let a checkout expire",
    async run({ open, wait }) {
      await open("silver");
      await wait(25 * HOUR_MS);
    },
  },
  {
    name: "pause the collection and bring it back",
    async run({ buy, settled, stripe, subscription, resume, wait }) {
      await buy("silver");
      await settled(stripe.subscriptions.update(await subscription(), { pause_collection: { behavior: "void" } }));
      await wait(32 * DAY_MS);
      await resume();
    },
  },
  {
    name: "cancel by a date, and keep the subscription",
    async run({ buy, settled, stripe, subscription, resume, gateway, buyer }) {
      await buy("silver");
      const { now } = await gateway.sandboxClock(buyer.id);
      const at = Math.floor((now + 5 * DAY_MS) / 1000);
      await settled(stripe.subscriptions.update(await subscription(), { cancel_at: at }));
      await resume();
    },
  },
  {
    name: "resume a trial that paused without a card",
    async run({ stripe, sandbox, settled, wait, resume, mail, buyer }) {
      const customer = await stripe.customers.create({ email: buyer.email, metadata: { user_id: buyer.id } });
      const session = await stripe.checkout.sessions.create({
        mode: "subscription",
        customer: customer.id,
        line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
        payment_method_collection: "if_required",
        subscription_data: {
          metadata: { user_id: buyer.id },
          trial_period_days: 7,
          trial_settings: { end_behavior: { missing_payment_method: "pause" } },
        },
        success_url: "http://localhost:3000/billing",
      });
      const payment = { email: buyer.email, name: "Ada", confirmed: false };
      await settled(pages.paySession(sandbox, session.id, { ...payment, card: null }));
      await wait(8 * DAY_MS);
      const portal = await stripe.billingPortal.sessions.create({ customer: customer.id });
      await settled(pages.changeCard(sandbox, portal.id, { ...payment, card: "4242" }));
      await resume();
      expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    },
  },
  {
    name: "read a subscription of more than ten items",
    async run({ buy, client, sandbox, settled, subscription }) {
      await buy("silver");
      const id = await subscription();
      await settled(addItems(sandbox, id));
      expect((await (await client()).subscription(id)).facts).toHaveLength(1);
    },
  },
  {
    name: "end at once",
    async run({ buy, client, settled, subscription, mail }) {
      await buy("silver");
      await settled((await client()).cancel(await subscription(), "now"));
      expect(await mail()).toMatchObject({ plan: "free" });
    },
  },
];
