import type Stripe from "stripe";
import { z } from "zod";
import type { InvoiceSpec } from "../../event-builders/stripe/events";
import { runStep } from "../../step";
import { type Invoice, isLive, type StripeStep, type Subscription, seconds } from "../account-state";
import { dropEndedDiscounts, setDiscounts } from "../discounts";
import { finalize } from "../draft";
import { collect, payOutOfBand, voidInvoice } from "../invoices";
import { listOf } from "../list";
import { invoiceOf } from "../objects";
import { periodAfter } from "../period";
import { priced } from "../priced";
import { cardProblem, invalid } from "../problem";
import { intervalOf, periodLines } from "../proration";
import { followSchedule } from "../schedules";
import { dropPendingUpdate, planned } from "../subscriptions";
import {
  anchor,
  behavior,
  byPath,
  collectionMethod,
  created,
  discountParams,
  endpoint,
  find,
  flag,
  instant,
  isCreated,
  listParams,
  metadata,
  ofCustomerOrSubscription,
  page,
  Refused,
  requireCustomer,
  text,
  unset,
} from "./endpoint";
import { paramsOf } from "./params-of";
import { cancelAt, endOf, itemParams, nextItems } from "./subscription-update";

const previewParams = paramsOf<Stripe.InvoiceCreatePreviewParams>()({
  customer: text.optional(),
  subscription: text,
  preview_mode: z.enum(["next", "recurring"]).default("next"),
  discounts: z.union([unset, discountParams]).optional(),
  subscription_details: paramsOf<NonNullable<Stripe.InvoiceCreatePreviewParams["subscription_details"]>>()({
    items: itemParams.optional(),
    proration_behavior: behavior.default("create_prorations"),
    proration_date: instant.optional(),
    billing_cycle_anchor: anchor.optional(),
    cancel_at_period_end: flag.optional(),
    cancel_at: cancelAt.optional(),
    cancel_now: flag.optional(),
    metadata: z.union([unset, metadata]).optional(),
    trial_end: z.union([z.literal("now"), instant]).optional(),
  }).optional(),
});
type Preview = z.infer<typeof previewParams>;

export const invoices = [
  endpoint({
    method: "POST",
    path: "/v1/invoices/create_preview",
    params: previewParams,
    of: ({ subscription }) => ({ object: subscription, kind: "subscription", param: "subscription" }),
    run: (step, params) => {
      // On a copy: a preview changes nothing, not even the sequence of ids.
      const { result } = runStep(step.state, step.now, (copy) => invoiceOf(copy.state, previewed(copy, params)));
      return result;
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/invoices/:id",
    params: z.strictObject({}),
    of: byPath("invoice"),
    run: ({ state }, _, id) => invoiceOf(state, find(state, "invoices", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/invoices",
    params: paramsOf<Stripe.InvoiceListParams>()({
      ...listParams,
      collection_method: collectionMethod.optional(),
      created,
      customer: text.optional(),
      subscription: text.optional(),
      status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).optional(),
    }),
    of: ofCustomerOrSubscription,
    run: ({ state }, params) => {
      if (params.customer !== undefined) requireCustomer(state, params.customer);
      const wanted = state.invoices.filter(
        ({ collectionMethod: method = "charge_automatically", created, status, subscription }) =>
          (params.status ?? status) === status &&
          (params.subscription ?? subscription) === subscription &&
          (params.collection_method ?? method) === method &&
          isCreated(created, params.created),
      );
      const { data, hasMore } = page(wanted, params);
      return listOf(
        "/v1/invoices",
        data.map((invoice) => invoiceOf(state, invoice)),
        hasMore,
      );
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/invoices/:id/pay",
    params: paramsOf<Stripe.InvoicePayParams>()({
      payment_method: text.optional(),
      off_session: flag.default(true),
      paid_out_of_band: flag.optional(),
    }),
    of: byPath("invoice"),
    run: (step, params, id) => {
      const { state } = step;
      const invoice = find(state, "invoices", id);
      if (invoice.status === "paid") throw invalid("Invoice is already paid", undefined, "invoice_already_paid");
      if (invoice.status === "draft") finalize(step, invoice);
      if (invoice.status !== "open") throw invalid(`This invoice is ${invoice.status} and cannot be paid.`);
      if (invoice.debit) throw invalid("The payment of this invoice is processing already.");
      if (params.paid_out_of_band) {
        payOutOfBand(step, invoice);
        return invoiceOf(state, invoice);
      }
      if (params.payment_method) {
        const card = find(state, "cards", params.payment_method, "payment_method");
        const subscription = find(state, "subscriptions", invoice.subscription);
        subscription.defaultPaymentMethod = card.id;
      }
      const charged = collect(step, invoice, { payer: !params.off_session });
      if (charged.outcome === "succeeded" || charged.outcome === "processing") return invoiceOf(state, invoice);
      const problem = cardProblem(charged);
      return new Refused({ status: problem.status, body: { error: problem.body } });
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/invoices/:id/void",
    params: z.strictObject({}),
    of: byPath("invoice"),
    run: (step, _, id) => {
      const invoice = find(step.state, "invoices", id);
      if (invoice.status !== "open") throw invalid(`You can only void an open invoice, this one is ${invoice.status}.`);
      if (invoice.debit) throw invalid("You cannot void an invoice whose payment is processing.");
      const subscription = find(step.state, "subscriptions", invoice.subscription);
      if (invoice.forUpdate && subscription.pendingUpdate) dropPendingUpdate(step, subscription);
      else voidInvoice(step, invoice);
      return invoiceOf(step.state, invoice);
    },
  }),
];

/** The upcoming invoice: that of the change if it is charged now, else that of the renewal. */
function previewed(
  step: StripeStep,
  { subscription: id, preview_mode: mode, subscription_details: details, discounts }: Preview,
): Invoice {
  const { state } = step;
  const subscription = find(state, "subscriptions", id, "subscription");
  const end = details?.cancel_at === undefined ? subscription.cancelAt : endOf(subscription, details.cancel_at);
  const ends =
    (details?.cancel_at_period_end ?? subscription.cancelAtPeriodEnd) || (end != null && end <= subscription.periodEnd);
  if (!isLive(subscription) || details?.cancel_now || (ends && !details?.items)) {
    throw invalid("No upcoming invoices for customer", "subscription", "invoice_upcoming_none");
  }
  const at = details?.proration_date ?? seconds(step);
  const items = nextItems(step, subscription, details?.items ?? []);
  const change = planned(state, subscription, {
    items,
    at,
    behavior: details?.proration_behavior ?? "create_prorations",
    restart: details?.billing_cycle_anchor?.type === "now" || details?.trial_end === "now",
  });
  if (discounts !== undefined) setDiscounts(step, subscription, discounts === "" ? [] : discounts, "discounts");
  const now = change.lines.length > 0 && (details?.proration_behavior === "always_invoice" || change.restarts);
  if (mode === "recurring") {
    dropEndedDiscounts(state, subscription, change.next.periodEnd);
    const lines = priced(state, subscription, nextPeriod(change.next));
    return upcoming(step, subscription, { lines, at: change.next.periodEnd });
  }
  const changed = priced(state, subscription, change.lines);
  if (now) return upcoming(step, subscription, { lines: changed, at: seconds(step), reason: "subscription_update" });
  Object.assign(subscription, change.next);
  let lines = changed;
  dropEndedDiscounts(state, subscription, change.next.periodEnd);
  followSchedule(step, subscription, (scheduled) => {
    const next = priced(state, subscription, nextPeriod({ ...change.next, items: scheduled }));
    lines = [...lines, ...subscription.pendingLines, ...next];
  });
  return upcoming(step, subscription, { lines, at: change.next.periodEnd });
}

/** The lines of the period after the plan state's own. */
function nextPeriod(state: Parameters<typeof periodLines>[0] & { billingCycleAnchor: number }) {
  const { items, periodEnd } = state;
  const end = periodAfter(state.billingCycleAnchor, periodEnd, intervalOf(items));
  return periodLines({ items, periodStart: periodEnd, periodEnd: end });
}

function upcoming(
  { state }: StripeStep,
  subscription: Subscription,
  {
    lines,
    at,
    reason = "subscription_cycle",
  }: { lines: Omit<InvoiceSpec["lines"][number], "id">[]; at: number; reason?: Invoice["billingReason"] },
): Invoice {
  return {
    id: `upcoming_in_${state.key}`,
    customer: state.customer.id,
    subscription: subscription.id,
    metadata: { ...subscription.metadata },
    billingReason: reason,
    ...(subscription.collectionMethod && { collectionMethod: subscription.collectionMethod }),
    ...(subscription.automaticTax && { automaticTax: true, country: state.customer.country ?? null }),
    created: at,
    status: "draft",
    attemptCount: 0,
    forUpdate: false,
    periodStart: subscription.periodStart,
    periodEnd: at,
    startingBalance: state.customer.balance,
    lines: lines.map((line, index) => ({ ...line, id: `il_tmp_${state.key}${index}` })),
  };
}
