import Stripe from "stripe";
import type { FindPrice, Sales } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import type { ProcessorClient } from "../processor-client";
import { caller, unreadable, withinDeadline } from "./client-call";
import { planChanges } from "./client-change";
import { duePageOf } from "./client-due";
import { refundsOf, retrieveWithDiscounts } from "./client-money";
import { previewChange } from "./client-preview";
import { readCheckoutState, readInvoice, readSubscription } from "./client-read";
import { listRecords } from "./client-records";
import { refundSession } from "./client-refund";
import { openSession } from "./client-sale";
import { idOf } from "./reference";
import { createdSettings } from "./setup-portal";
import { TRIAL_FROM_CHECKOUT } from "./shape";

export interface StripeClientOptions {
  apiKey: string;
  /** Finds the plan's item among the items of a subscription. */
  findPrice: FindPrice;
  /** The taxes and promotion codes of checkouts. */
  sales: Sales;
  /** The sandbox's HTTP client; default is the SDK's own. */
  httpClient?: NonNullable<ConstructorParameters<typeof Stripe>[1]>["httpClient"];
  /** Another address of the API, for tests. */
  address?: { protocol: "http" | "https"; host: string; port: number };
  /** The timeout of one request in milliseconds; the SDK's own is 80 seconds. */
  timeoutMs?: number;
}

/** Customers wait for the response, and Stripe charges the card within the request that changes a plan. */
const TIMEOUT_MS = 10_000;
/** The SDK retries after a network error, with the same idempotency key. */
const RETRIES = 1;
const INVOICES = 100;
/** Stripe's maximum. */
const REFERENCE_LENGTH = 200;

/** Makes the client of Stripe's API on Stripe's SDK. Every method throws `ProcessorError` and nothing else. */
export function stripeClient({ apiKey, findPrice, sales, ...options }: StripeClientOptions): ProcessorClient {
  const stripe = new Stripe(apiKey, {
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
    httpClient: withinDeadline(options.httpClient ?? Stripe.createNodeHttpClient()),
    ...options.address,
  });
  const call = caller({ apiKey });
  const { changeNow, changeAtRenewal, releaseSchedule, resume, voidPendingChange } = planChanges(stripe, findPrice);

  return {
    customer({ userId, email, idempotencyKey }) {
      return call("customer", async () => {
        const { id } = await stripe.customers.create(
          { metadata: { user_id: userId }, ...(email === null ? {} : { email }) },
          { idempotencyKey: `${idempotencyKey}:customer` },
        );
        return required("customer", "id", id);
      });
    },

    /** Only the secret key can write metadata, so its `user_id` is trusted in every event. */
    checkout({ userId, customer, email, priceId, returnUrl, cancelUrl, idempotencyKey, trialDays, code }) {
      return call("checkout", async () => {
        const session = await openSession(
          stripe,
          {
            mode: "subscription",
            line_items: [{ price: priceId, quantity: 1 }],
            ...(customer !== null && { customer }),
            ...(customer === null && email !== null && { customer_email: email }),
            ...(userId.length <= REFERENCE_LENGTH && { client_reference_id: userId }),
            metadata: { user_id: userId },
            subscription_data: {
              // Marks the trial as started by the customer.
              metadata: { user_id: userId, ...(trialDays !== undefined && TRIAL_FROM_CHECKOUT) },
              // Stripe's default since 2025; sent, so that an account's setting cannot change it.
              billing_mode: { type: "flexible" },
              ...(trialDays !== undefined && { trial_period_days: trialDays }),
            },
            success_url: returnUrl,
            cancel_url: cancelUrl ?? returnUrl,
          },
          { sales, customer, code },
          idempotencyKey === undefined ? {} : { idempotencyKey: `${idempotencyKey}:checkout` },
        );
        return { url: required("checkout", "url", session.url), transaction: required("checkout", "id", session.id) };
      });
    },

    checkoutState(transaction) {
      return call("checkoutState", async () =>
        readCheckoutState(await stripe.checkout.sessions.retrieve(entityId(transaction))),
      );
    },

    closeCheckout(transaction) {
      return call("closeCheckout", async () => {
        const id = entityId(transaction);
        const { state } = readCheckoutState(await stripe.checkout.sessions.retrieve(id));
        if (state !== "open") return state === "paid" ? "paid" : "closed";
        try {
          await stripe.checkout.sessions.expire(id);
          return "closed";
        } catch (error) {
          // Stripe expires only open sessions: this one may have been paid, or have expired, in between.
          const now = readCheckoutState(await stripe.checkout.sessions.retrieve(id)).state;
          if (now === "open") throw error;
          return now === "paid" ? "paid" : "closed";
        }
      });
    },

    refundCheckout(transaction) {
      return call("refundCheckout", () => refundSession(stripe, transaction));
    },

    subscription(subscription) {
      return call("subscription", async () => {
        const askedAt = Date.now();
        const started = performance.now();
        const answer = await retrieveWithDiscounts(stripe, subscription);
        const elapsed = performance.now() - started;
        if (answer.items.has_more) {
          const data = await stripe.subscriptionItems.list({ subscription: answer.id, limit: 100 });
          answer.items = { ...answer.items, data: data.data, has_more: data.has_more };
        }
        return readSubscription(answer, { askedAt, elapsed, findPrice });
      });
    },

    paymentRecords(reading) {
      return call("paymentRecords", () => listRecords(stripe, reading, findPrice));
    },

    chargedCustomer(charge) {
      return call("chargedCustomer", async () => idOf((await stripe.charges.retrieve(entityId(charge))).customer));
    },

    preview(change) {
      return call("preview", () => previewChange(stripe, change, findPrice));
    },

    change(change) {
      return call("change", () => (change.timing === "now" ? changeNow(change) : changeAtRenewal(change)));
    },

    cancelScheduledChange(subscription) {
      return call("cancelScheduledChange", async () => {
        await releaseSchedule(await stripe.subscriptions.retrieve(entityId(subscription)));
      });
    },

    cancel(subscription, when) {
      return call("cancel", async () => {
        const known = await stripe.subscriptions.retrieve(entityId(subscription));
        if (known.status === "canceled") return;
        const current = await voidPendingChange(known);
        // Stripe refuses to cancel a subscription that has a schedule.
        await releaseSchedule(current);
        if (when === "now") await stripe.subscriptions.cancel(current.id);
        else await stripe.subscriptions.update(current.id, { cancel_at_period_end: true });
      });
    },

    undoCancel(subscription) {
      return call("undoCancel", async () => {
        const current = await stripe.subscriptions.retrieve(entityId(subscription));
        if (current.cancel_at_period_end)
          await stripe.subscriptions.update(current.id, { cancel_at_period_end: false });
        else if (current.cancel_at !== null) await stripe.subscriptions.update(current.id, { cancel_at: "" });
      });
    },

    unpause(subscription) {
      return call("unpause", async () => {
        const current = await stripe.subscriptions.retrieve(entityId(subscription));
        if (current.status === "paused") return resume(current);
        if (current.pause_collection !== null) {
          await stripe.subscriptions.update(current.id, { pause_collection: "" });
        }
        return { outcome: "requested" };
      });
    },

    /** Stripe's portal shows all subscriptions of the customer. */
    portal(customer, _subscriptions, returnUrl) {
      return call("portal", async () => {
        const params = { customer: entityId(customer), ...(returnUrl !== undefined && { return_url: returnUrl }) };
        const { url } = await stripe.billingPortal.sessions.create(params).catch(async (error: unknown) => {
          const configuration = await createdSettings(stripe, error);
          return stripe.billingPortal.sessions.create({ ...params, configuration });
        });
        return { url: required("portal", "url", url) };
      });
    },

    duePage(subscription) {
      return call("duePage", () => duePageOf(stripe, subscription));
    },

    /** Stripe has no such page; customers change cards in its portal. */
    paymentPage: async () => null,

    invoices(of) {
      return call("invoices", async () => {
        const listed = (whose: { customer: string } | { subscription: string }) =>
          stripe.invoices.list({ ...whose, limit: INVOICES, expand: ["data.payments"] });
        const lists =
          "customer" in of
            ? [await listed({ customer: entityId(of.customer) })]
            : await Promise.all(of.subscriptions.map((id) => listed({ subscription: entityId(id) })));
        const all = lists.flatMap(({ data }) => data);
        const refunds = await refundsOf(stripe, all);
        const invoices = all.flatMap((invoice) => readInvoice(invoice, refunds));
        return invoices.sort((one, other) => other.at - one.at).slice(0, INVOICES);
      });
    },

    /** Callers must check that the invoice is the user's own: Stripe returns any customer's. */
    invoicePdf(invoice) {
      return call("invoicePdf", async () => (await stripe.invoices.retrieve(entityId(invoice))).invoice_pdf ?? null);
    },
  };
}

function required(operation: string, field: string, text: string | null | undefined): string {
  if (text) return text;
  throw unreadable(operation, `no ${field}`);
}
