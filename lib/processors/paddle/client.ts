import { type Environment, Paddle } from "@paddle/paddle-node-sdk";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId as pathId } from "../entity-id";
import { type Invoice, type ProcessorClient, ProcessorError } from "../processor-client";
import { caller, unreadable } from "./client-call";
import { asInvalidCode, discountOfCode, fetchDiscount, readDiscount } from "./client-discount";
import { billingMode, planItemsAfter } from "./client-plan";
import { hasNoDocument, readCheckoutState, readInvoice, readPreview, readSubscription } from "./client-read";
import { listRecords } from "./client-records";

export interface PaddleClientOptions {
  apiKey: string;
  environment: "sandbox" | "production";
  /** Another address of the API, without a trailing slash; it overrides `environment`. */
  baseUrl?: string;
  /** Finds the plan's item among the items of a subscription. */
  findPrice: FindPrice;
  /** The timeout of one request in milliseconds; the SDK's own is several minutes. */
  timeoutMs?: number;
}

/** Customers wait for the response, and Paddle charges the card within the request that changes a plan. */
const TIMEOUT_MS = 10_000;
const INVOICES = 100;
/** Paddle's maximum per page. */
const INVOICES_A_PAGE = 30;
/** Paddle's maximum of subscriptions in one portal session. */
const PORTAL_SUBSCRIPTIONS = 25;

/** Makes the client of Paddle's API on Paddle's SDK. Every method throws `ProcessorError` and nothing else. */
export function paddleClient({ apiKey, environment, ...options }: PaddleClientOptions): ProcessorClient {
  const { findPrice, timeoutMs = TIMEOUT_MS } = options;
  const paddle = new Paddle(apiKey, {
    // The SDK's type allows two names only; its client treats any other text as the address.
    environment: (options.baseUrl ?? environment) as Environment,
    // The default version depends on a setting of the account.
    customHeaders: { "Paddle-Version": "1" },
  });
  const call = caller({ apiKey, timeoutMs });

  return {
    /** Paddle creates customers at the checkout, which asks for their address. */
    customer: async () => null,

    /**
     * `url` is `checkoutPage` with the transaction's id in its query (`_ptxn`); Paddle.js opens the checkout there.
     *
     * The email is not sent: Paddle accepts one only with a customer. A customer found by email could be another person,
     * and the user would see that person's cards.
     */
    async checkout({ userId, customer, priceId, checkoutPage, code }) {
      const discountId = code === undefined ? undefined : await discountOfCode(paddle, call, code);
      const transaction = await call("checkout", () =>
        paddle.transactions.create({
          items: [{ priceId, quantity: 1 }],
          ...(customer === null ? {} : { customerId: customer }),
          // Only for Paddle's dashboard: browsers can write the same field, so it is never trusted.
          customData: { user_id: userId },
          checkout: { url: checkoutPage },
          ...(discountId !== undefined && { discountId }),
        }),
      ).catch((error: unknown) => {
        throw discountId === undefined ? error : asInvalidCode(error);
      });
      const { id, checkout } = transaction;
      return { url: required("checkout", "url", checkout?.url), transaction: required("checkout", "id", id) };
    },

    async checkoutState(transaction) {
      const id = pathId(transaction);
      return readCheckoutState(await call("checkoutState", () => paddle.transactions.get(id)));
    },

    async closeCheckout(transaction) {
      const id = pathId(transaction);
      const current = await call("closeCheckout", () => paddle.transactions.get(id));
      const { state } = readCheckoutState(current);
      if (state !== "open") return state === "paid" ? "paid" : "closed";
      // Paddle can cancel a ready or billed transaction, but no draft, which has no address of a buyer yet.
      if (current.status === "draft") return "left_open";
      try {
        await call("closeCheckout", () => paddle.transactions.update(id, { status: "canceled" }));
        return "closed";
      } catch (error) {
        if (!(error instanceof ProcessorError) || error.problem !== "invalid") throw error;
        const now = readCheckoutState(await call("closeCheckout", () => paddle.transactions.get(id))).state;
        return now === "paid" ? "paid" : "left_open";
      }
    },

    /** Paddle refunds completed transactions only. It reviews each request, often within minutes. */
    async refundCheckout(transaction) {
      const transactionId = pathId(transaction);
      const known = await call("refundCheckout", () =>
        paddle.adjustments.list({ transactionId: [transactionId], action: "refund" }).next(),
      );
      if (known.some(({ status }) => status !== "rejected")) return;
      const reason = "Paid twice: another checkout of the same purchase was paid.";
      await call("refundCheckout", () =>
        paddle.adjustments.create({ action: "refund", type: "full", transactionId, reason }),
      );
    },

    async subscription(subscription) {
      const id = pathId(subscription);
      const current = await call("subscription", () => paddle.subscriptions.get(id));
      const discount = await fetchDiscount(paddle, current, call);
      return call("subscription", async () => readSubscription(current, findPrice, discount));
    },

    async paymentRecords({ identity: { subscription } }) {
      if (subscription === null) return { payments: [], notes: [] };
      return listRecords(paddle, subscription, { call, findPrice });
    },

    async preview(change) {
      const id = pathId(change.subscription);
      const subscription = await call("preview", () => paddle.subscriptions.get(id));
      const plan = planItemsAfter(subscription.items, change.priceId, findPrice);
      const preview = await call("preview", () =>
        paddle.subscriptions.previewUpdate(id, {
          items: plan.items,
          // A change at the renewal bills nothing for the rest of this period.
          prorationBillingMode:
            change.timing === "now" ? billingMode(change.timing, plan, subscription.status) : "do_not_bill",
        }),
      );
      const units = plan.items.reduce((sum, { quantity }) => sum + quantity, 0);
      const fetched = await fetchDiscount(paddle, preview, call);
      const discount = preview.discount && fetched ? readDiscount(preview.discount, fetched, units) : null;
      const read = await call("preview", async () => readPreview(preview, subscription, change.timing, plan));
      return { ...read, ...(discount && { discounts: [discount] }) };
    },

    async change(change) {
      const id = pathId(change.subscription);
      const subscription = await call("change", () => paddle.subscriptions.get(id));
      const plan = planItemsAfter(subscription.items, change.priceId, findPrice);
      // A retry after a lost response must not change (and charge) again.
      if (!plan.changes) return { outcome: "requested" };
      // The request names no discount: Paddle keeps the one that the subscription has.
      await call("change", () =>
        paddle.subscriptions.update(id, {
          items: plan.items,
          prorationBillingMode: billingMode(change.timing, plan, subscription.status),
          onPaymentFailure: "prevent_change",
        }),
      );
      return { outcome: "requested" };
    },

    /** Paddle cannot schedule plan changes. */
    cancelScheduledChange: async () => {},

    async cancel(subscription, when) {
      const effectiveFrom = when === "now" ? "immediately" : "next_billing_period";
      const id = pathId(subscription);
      await call("cancel", () => paddle.subscriptions.cancel(id, { effectiveFrom }));
    },

    async undoCancel(subscription) {
      const id = pathId(subscription);
      await call("undoCancel", () => paddle.subscriptions.update(id, { scheduledChange: null }));
    },

    /** Paddle begins a new period and charges it at once. */
    async unpause(subscription) {
      const id = pathId(subscription);
      const { status } = await call("unpause", () => paddle.subscriptions.get(id));
      if (status === "paused")
        await call("unpause", () => paddle.subscriptions.resume(id, { effectiveFrom: "immediately" }));
      return { outcome: "requested" };
    },

    async portal(customer, subscriptions) {
      const id = pathId(customer);
      const linked = subscriptions.slice(0, PORTAL_SUBSCRIPTIONS);
      const { urls } = await call("portal", () => paddle.customerPortalSessions.create(id, linked));
      return { url: required("portal", "url", urls.general.overview) };
    },

    async duePage(subscription) {
      const owed = paddle.transactions.list({
        subscriptionId: [pathId(subscription)],
        status: ["past_due"],
        orderBy: "id[DESC]",
        perPage: 1,
      });
      const [transaction] = await call("duePage", () => owed.next());
      return transaction?.checkout?.url ?? null;
    },

    async paymentPage(subscription) {
      const id = pathId(subscription);
      const { managementUrls } = await call("paymentPage", () => paddle.subscriptions.get(id));
      return managementUrls?.updatePaymentMethod ?? null;
    },

    async invoices(of) {
      const whose =
        "customer" in of ? { customerId: [pathId(of.customer)] } : { subscriptionId: of.subscriptions.map(pathId) };
      // Without a subscription, Paddle would list the invoices of all customers.
      if (whose.subscriptionId?.length === 0) return [];
      const invoices: Invoice[] = [];
      let after: string | undefined;
      // We request pages by the last id. The SDK would send our key to any address that the response names.
      for (let page = 0; page * INVOICES_A_PAGE < INVOICES; page++) {
        const collection = paddle.transactions.list({
          ...whose,
          status: ["completed", "paid", "billed", "past_due", "canceled"],
          orderBy: "id[DESC]",
          perPage: INVOICES_A_PAGE,
          // Included in each transaction, so that no invoice needs another request.
          include: ["adjustments_totals"],
          ...(after === undefined ? {} : { after }),
        });
        const transactions = await call("invoices", () => collection.next());
        invoices.push(...transactions.flatMap(readInvoice));
        after = transactions.at(-1)?.id;
        if (!collection.hasMore || after === undefined) break;
      }
      return invoices.sort((one, other) => other.at - one.at).slice(0, INVOICES);
    },

    /** Callers must check that the invoice is the user's own: Paddle returns any customer's. */
    async invoicePdf(invoice) {
      const id = pathId(invoice);
      try {
        const { url } = await call("invoicePdf", () => paddle.transactions.getInvoicePDF(id));
        return required("invoicePdf", "url", url);
      } catch (error) {
        if (!(error instanceof ProcessorError) || error.problem === "unavailable") throw error;
        // Paddle has several errors for a missing document, so the transaction decides.
        const transaction = await call("invoicePdf", () => paddle.transactions.get(id));
        if (hasNoDocument(transaction)) return null;
        throw error;
      }
    },
  };
}

function required(operation: string, field: string, text: string | null | undefined): string {
  if (text) return text;
  throw unreadable(operation, `no ${field}`);
}
