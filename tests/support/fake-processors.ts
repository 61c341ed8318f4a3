/**
 * Two fake processors in memory behind our own interface, for the tests of our side. They have checkouts that are open,
 * closed, expired or paid, and subscriptions that can be fetched. Other tests cover the answers of the SDKs.
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

export interface FakeCheckout {
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
  state: SubscriptionState;
}

/** @param answerMs the longest time that an answer takes; @param canClose false if open checkouts cannot be closed */
export function fakeProcessors(gateway: Gateway, { answerMs = 0, canClose = true } = {}) {
  const checkouts: FakeCheckout[] = [];
  const subscriptions = new Map<string, FakeStripeSubscription>();
  const requests: { method: string; argument: unknown }[] = [];
  const customers: { processor: Processor; userId: string; customer: string }[] = [];
  let failing: ProcessorError | null = null;

  async function answer(method: string, argument: unknown) {
    requests.push({ method, argument });
    if (answerMs > 0) await sleep(Math.random() * answerMs);
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
        await answer("customer", userId);
        if (processor === "paddle") return null;
        const customer = `cus_${userId.replaceAll(/\W/g, "")}_${customers.length}`;
        customers.push({ processor, userId, customer });
        return customer;
      },
      async checkout(request) {
        await answer("checkout", request);
        const id = `${processor === "stripe" ? "cs_test" : "txn"}_${request.idempotencyKey?.replaceAll("-", "")}`;
        checkouts.push({ id, processor, request, state: "open", subscription: null });
        return { url: `https://pay.example/${id}`, transaction: id };
      },
      async checkoutState(id) {
        await answer("checkoutState", id);
        const { state, subscription } = checkoutOf(id);
        return state === "paid" ? { state, subscription } : { state };
      },
      async closeCheckout(id) {
        await answer("closeCheckout", id);
        const checkout = checkoutOf(id);
        if (checkout.state === "paid") return "paid";
        if (!canClose && checkout.state === "open") return "left_open";
        checkout.state = "expired";
        return "closed";
      },
      async subscription(id) {
        await answer("subscription", id);
        const { userId, customer, price, at, state } = subscriptionOf(id);
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
                changeType: state.status === "canceled" ? "deleted" : "updated",
                state,
                previous: null,
              },
            },
          ],
        };
      },
      async paymentRecords({ identity: { subscription } }) {
        await answer("paymentRecords", subscription);
        return { payments: [], notes: [] };
      },
      async preview(change) {
        await answer("preview", change);
        return { dueNow: { amount: 1_234, currency: "USD" }, nextCharge: null };
      },
      async change(change: PlanChange) {
        await answer("change", change);
        return { outcome: "requested" };
      },
      refundCheckout: (id) => answer("refundCheckout", id),
      cancelScheduledChange: (id) => answer("unschedule", id),
      async cancel(id, when) {
        await answer("cancel", { id, when });
        const known = subscriptions.get(id);
        if (when === "period_end" || known === undefined) return;
        const at = Math.max(known.at + 1_000, Date.now() + 1);
        subscriptions.set(id, { ...known, at, state: { ...known.state, status: "canceled" } });
      },
      undoCancel: (id) => answer("undoCancel", id),
      async unpause(id) {
        await answer("unpause", id);
        return { outcome: "requested" };
      },
      async portal(customer, links, returnUrl) {
        await answer("portal", { customer, links, returnUrl });
        return { url: `https://portal.example/${customer}` };
      },
      async duePage(id) {
        await answer("duePage", id);
        return subscriptionOf(id).state.status === "past_due" ? `https://due.example/${id}` : null;
      },
      async paymentPage(id) {
        await answer("paymentPage", id);
        return processor === "paddle" ? `https://card.example/${id}` : null;
      },
      async invoices(of) {
        await answer("invoices", of);
        const whose = "customer" in of ? of.customer : of.subscriptions.join("_");
        const at = Date.UTC(2026, 10, processor === "stripe" ? 2 : 1);
        const total = { amount: 1_999, currency: "USD" };
        return [{ id: `in_${whose}`, number: "1", at, total, status: "paid", url: null, pdf: null }];
      },
      async invoicePdf(invoice) {
        await answer("invoicePdf", invoice);
        return `https://pdf.example/${invoice}`;
      },
    } satisfies ProcessorClient & { find?: typeof find };
  }

  const clients = { stripe: clientOf("stripe"), paddle: clientOf("paddle") };
  const context: PurchaseContext = {
    gateway,
    appUrl: "https://app.example",
    getProcessor: async (processor) => ({
      client: clients[processor],
      sold: priceLists(processor, {}, { sandbox: true }).sold,
      sells: true,
    }),
  };

  return {
    context,
    checkouts,
    requests,
    customers,
    /** The arguments of each call of a method. */
    requestsOf: (method: string) => requests.filter((each) => each.method === method).map(({ argument }) => argument),
    /** Every request fails with this error from now on; null ends that. */
    failWith: (error: ProcessorError | null) => {
      failing = error;
    },
    clients,
    subscriptions,
    /** The payer pays: the processor has a subscription, and no webhook is sent. */
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
        state: {
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
