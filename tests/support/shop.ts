/**
 * Two processors in memory behind our own interface, for tests of what our side does with their answers: checkouts that
 * open, are closed, run out or are paid, and subscriptions that can be looked at. What their SDKs say is tested elsewhere.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Instant, Processor, SubscriptionState } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import { priceLists } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import {
  type CheckoutRequest,
  type PlanChange,
  type ProcessorClient,
  ProcessorError,
} from "@/lib/processors/processor-client";
import type { PurchaseContext } from "@/lib/subscriptions/purchase-context";

export interface SoldCheckout {
  id: string;
  processor: Processor;
  request: CheckoutRequest;
  state: "open" | "expired" | "paid";
  subscription: string | null;
}

interface FakeStripeSubscription {
  userId: string;
  customer: string;
  processor: Processor;
  price: Price;
  at: Instant;
  image: SubscriptionState;
}

/** A shop with both processors; `slow` is how long each of their answers takes, in milliseconds. */
export function playedShop(gateway: Gateway, { slow = 0, closes = true } = {}) {
  const checkouts: SoldCheckout[] = [];
  const subscriptions = new Map<string, FakeStripeSubscription>();
  const asked: { what: string; of: unknown }[] = [];
  const customers: { processor: Processor; userId: string; customer: string }[] = [];
  let failing: ProcessorError | null = null;

  async function answers(what: string, of: unknown) {
    asked.push({ what, of });
    if (slow > 0) await sleep(Math.random() * slow);
    if (failing) throw failing;
  }

  function clientOf(processor: Processor): ProcessorClient {
    const { find } = priceLists(processor, {}, { sandbox: true });
    const checkoutOf = (id: string) => {
      const found = checkouts.find((each) => each.id === id);
      if (!found) throw new ProcessorError("no such checkout", "not_found", null);
      return found;
    };
    const subscriptionOf = (id: string) => {
      const found = subscriptions.get(id);
      if (!found) throw new ProcessorError("no such subscription", "not_found", null);
      return found;
    };
    return {
      async customer({ userId }) {
        await answers("customer", userId);
        if (processor === "paddle") return null;
        const customer = `cus_${userId.replaceAll(/\W/g, "")}_${customers.length}`;
        customers.push({ processor, userId, customer });
        return customer;
      },
      async checkout(request) {
        await answers("checkout", request);
        const id = `${processor === "stripe" ? "cs_test" : "txn"}_${request.idempotencyKey?.replaceAll("-", "")}`;
        checkouts.push({ id, processor, request, state: "open", subscription: null });
        return { url: `https://pay.example/${id}`, transaction: id };
      },
      async checkoutState(id) {
        await answers("checkoutState", id);
        const { state, subscription } = checkoutOf(id);
        return state === "paid" ? { state, subscription } : { state };
      },
      async closeCheckout(id) {
        await answers("closeCheckout", id);
        const checkout = checkoutOf(id);
        if (checkout.state === "paid") return "paid";
        if (!closes && checkout.state === "open") return "left_open";
        checkout.state = "expired";
        return "closed";
      },
      async subscription(id) {
        await answers("subscription", id);
        const { userId, customer, price, at, image } = subscriptionOf(id);
        const trusted = processor === "stripe" ? userId : null;
        return {
          identity: { customer, subscription: id, trustedUserId: trusted },
          timestampSource: "fetch",
          shared: null,
          facts: [
            {
              product: price.product,
              fact: {
                kind: "snapshot",
                id: `${processor}:read:${id}:${at}:snapshot`,
                processor,
                subscription: id,
                at,
                life: image.status === "canceled" ? "deleted" : "updated",
                image,
                before: null,
              },
            },
          ],
        };
      },
      async paymentRecords({ identity: { subscription } }) {
        await answers("paymentRecords", subscription);
        return { payments: [], notes: [] };
      },
      async preview(change) {
        await answers("preview", change);
        return { dueNow: { amount: 1_234, currency: "USD" }, nextCharge: null };
      },
      async change(change: PlanChange) {
        await answers("change", change);
        return { outcome: "requested" };
      },
      refundCheckout: (id) => answers("refundCheckout", id),
      cancelScheduledChange: (id) => answers("unschedule", id),
      async cancel(id, when) {
        await answers("cancel", { id, when });
        const known = subscriptions.get(id);
        if (when === "period_end" || known === undefined) return;
        const at = Math.max(known.at + 1_000, Date.now() + 1);
        subscriptions.set(id, { ...known, at, image: { ...known.image, status: "canceled" } });
      },
      undoCancel: (id) => answers("keep", id),
      async unpause(id) {
        await answers("unpause", id);
        return { outcome: "requested" };
      },
      async portal(customer, links, returnUrl) {
        await answers("portal", { customer, links, returnUrl });
        return { url: `https://portal.example/${customer}` };
      },
      async duePage(id) {
        await answers("duePage", id);
        return subscriptionOf(id).image.status === "past_due" ? `https://due.example/${id}` : null;
      },
      async paymentPage(id) {
        await answers("paymentPage", id);
        return processor === "paddle" ? `https://card.example/${id}` : null;
      },
      async invoices(of) {
        await answers("invoices", of);
        const whose = "customer" in of ? of.customer : of.subscriptions.join("_");
        const at = Date.UTC(2026, 10, processor === "stripe" ? 2 : 1);
        const total = { amount: 1_999, currency: "USD" };
        return [{ id: `in_${whose}`, number: "1", at, total, status: "paid", url: null, pdf: null }];
      },
      async invoicePdf(invoice) {
        await answers("invoicePdf", invoice);
        return `https://pdf.example/${invoice}`;
      },
    } satisfies ProcessorClient & { find?: typeof find };
  }

  const clients = { stripe: clientOf("stripe"), paddle: clientOf("paddle") };
  const shop: PurchaseContext = {
    gateway,
    appUrl: "https://app.example",
    getProcessor: async (processor) => ({
      client: clients[processor],
      sold: priceLists(processor, {}, { sandbox: true }).sold,
      sells: true,
    }),
  };

  return {
    shop,
    checkouts,
    asked,
    customers,
    /** What was asked, by its name. */
    askedFor: (what: string) => asked.filter((each) => each.what === what).map(({ of }) => of),
    /** Every request fails like this from now on; null mends it. */
    failWith: (error: ProcessorError | null) => {
      failing = error;
    },
    clients,
    subscriptions,
    /** The payer pays: the processor has a subscription, and its webhook is late. */
    pay(id: string, at: Instant = Date.now()): string {
      const checkout = checkouts.find((each) => each.id === id);
      if (checkout?.state !== "open") throw new Error(`${id} cannot be paid`);
      const price = priceLists(checkout.processor, {}, { sandbox: true }).find(checkout.request.priceId);
      if (!price) throw new Error("no price");
      const subscription = `sub_${id}`;
      const seconds = Math.floor(at / 1000) * 1000;
      checkout.state = "paid";
      checkout.subscription = subscription;
      subscriptions.set(subscription, {
        userId: checkout.request.userId,
        customer: checkout.request.customer ?? `ctm_${id}`,
        processor: checkout.processor,
        price,
        at: seconds,
        image: {
          plan: price.plan,
          interval: price.interval,
          quantity: 1,
          status: checkout.request.trialDays ? "trialing" : "active",
          periodStart: seconds,
          periodEnd: addMonths(seconds, price.interval === "yearly" ? 12 : 1),
          cancelAt: null,
          trialEnd: null,
          collectionPaused: false,
        },
      });
      return subscription;
    },
  };
}
