import type Stripe from "stripe";
import { z } from "zod";
import type { InvoiceSpec } from "../../event-builders/stripe/events";
import { take } from "../../step";
import { dropEndedDiscounts, setDiscounts } from "../discounts";
import { collect, finalize, payOutOfBand, voidInvoice } from "../invoices";
import { listOf } from "../list";
import { invoiceOf } from "../objects";
import { periodAfter } from "../period";
import { priced } from "../priced";
import { cardProblem, invalid } from "../problem";
import { intervalOf, periodLines } from "../proration";
import { followSchedule } from "../schedules";
import { dropPendingUpdate, planned } from "../subscriptions";
import { type Invoice, isLive, type StripeTurn, type Subscription, seconds } from "../account-state";
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
  paramsOf,
  Refused,
  requireCustomer,
  text,
  unset,
} from "./endpoint";
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
    act: (turn, params) => {
      // On a copy: looking at what would be moves nothing, not even a count.
      const { result } = take(turn.world, turn.now, (copy) => invoiceOf(copy.world, previewed(copy, params)));
      return result;
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/invoices/:id",
    params: z.strictObject({}),
    of: byPath("invoice"),
    act: ({ world }, _, id) => invoiceOf(world, find(world, "invoices", id)),
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
    act: ({ world }, params) => {
      if (params.customer !== undefined) requireCustomer(world, params.customer);
      const wanted = world.invoices.filter(
        ({ collectionMethod: method = "charge_automatically", created, status, subscription }) =>
          (params.status ?? status) === status &&
          (params.subscription ?? subscription) === subscription &&
          (params.collection_method ?? method) === method &&
          isCreated(created, params.created),
      );
      const { data, hasMore } = page(wanted, params);
      return listOf(
        "/v1/invoices",
        data.map((invoice) => invoiceOf(world, invoice)),
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
    act: (turn, params, id) => {
      const { world } = turn;
      const invoice = find(world, "invoices", id);
      if (invoice.status === "paid") throw invalid("Invoice is already paid", undefined, "invoice_already_paid");
      if (invoice.status === "draft") finalize(turn, invoice);
      if (invoice.status !== "open") throw invalid(`This invoice is ${invoice.status} and cannot be paid.`);
      if (invoice.debit) throw invalid("The payment of this invoice is processing already.");
      if (params.paid_out_of_band) {
        payOutOfBand(turn, invoice);
        return invoiceOf(world, invoice);
      }
      if (params.payment_method) {
        const card = find(world, "cards", params.payment_method, "payment_method");
        const subscription = find(world, "subscriptions", invoice.subscription);
        subscription.defaultPaymentMethod = card.id;
      }
      const charged = collect(turn, invoice, { payer: !params.off_session });
      if (charged.outcome === "succeeded" || charged.outcome === "processing") return invoiceOf(world, invoice);
      const problem = cardProblem(charged);
      return new Refused({ status: problem.status, body: { error: problem.body } });
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/invoices/:id/void",
    params: z.strictObject({}),
    of: byPath("invoice"),
    act: (turn, _, id) => {
      const invoice = find(turn.world, "invoices", id);
      if (invoice.status !== "open") throw invalid(`You can only void an open invoice, this one is ${invoice.status}.`);
      if (invoice.debit) throw invalid("You cannot void an invoice whose payment is processing.");
      const subscription = find(turn.world, "subscriptions", invoice.subscription);
      if (invoice.forUpdate && subscription.pendingUpdate) dropPendingUpdate(turn, subscription);
      else voidInvoice(turn, invoice);
      return invoiceOf(turn.world, invoice);
    },
  }),
];

/** The invoice that would come: the change's own where it is charged now, else the renewal's. */
function previewed(
  turn: StripeTurn,
  { subscription: id, preview_mode: mode, subscription_details: details, discounts }: Preview,
): Invoice {
  const { world } = turn;
  const subscription = find(world, "subscriptions", id, "subscription");
  const end = details?.cancel_at === undefined ? subscription.cancelAt : endOf(subscription, details.cancel_at);
  const ends =
    (details?.cancel_at_period_end ?? subscription.cancelAtPeriodEnd) || (end != null && end <= subscription.periodEnd);
  if (!isLive(subscription) || details?.cancel_now || (ends && !details?.items)) {
    throw invalid("No upcoming invoices for customer", "subscription", "invoice_upcoming_none");
  }
  const at = details?.proration_date ?? seconds(turn);
  const items = nextItems(turn, subscription, details?.items ?? []);
  const change = planned(world, subscription, {
    items,
    at,
    behavior: details?.proration_behavior ?? "create_prorations",
    restart: details?.billing_cycle_anchor?.type === "now" || details?.trial_end === "now",
  });
  if (discounts !== undefined) setDiscounts(turn, subscription, discounts === "" ? [] : discounts, "discounts");
  const now = change.lines.length > 0 && (details?.proration_behavior === "always_invoice" || change.restarts);
  if (mode === "recurring") {
    dropEndedDiscounts(world, subscription, change.next.periodEnd);
    const lines = priced(world, subscription, nextPeriod(change.next));
    return upcoming(turn, subscription, { lines, at: change.next.periodEnd });
  }
  const changed = priced(world, subscription, change.lines);
  if (now) return upcoming(turn, subscription, { lines: changed, at: seconds(turn), reason: "subscription_update" });
  Object.assign(subscription, change.next);
  let lines = changed;
  dropEndedDiscounts(world, subscription, change.next.periodEnd);
  followSchedule(turn, subscription, (scheduled) => {
    const next = priced(world, subscription, nextPeriod({ ...change.next, items: scheduled }));
    lines = [...lines, ...subscription.pendingLines, ...next];
  });
  return upcoming(turn, subscription, { lines, at: change.next.periodEnd });
}

/** The lines of the period after the one that a plan state has. */
function nextPeriod(state: Parameters<typeof periodLines>[0] & { billingCycleAnchor: number }) {
  const { items, periodEnd } = state;
  const end = periodAfter(state.billingCycleAnchor, periodEnd, intervalOf(items));
  return periodLines({ items, periodStart: periodEnd, periodEnd: end });
}

function upcoming(
  { world }: StripeTurn,
  subscription: Subscription,
  {
    lines,
    at,
    reason = "subscription_cycle",
  }: { lines: Omit<InvoiceSpec["lines"][number], "id">[]; at: number; reason?: Invoice["billingReason"] },
): Invoice {
  return {
    id: `upcoming_in_${world.key}`,
    customer: world.customer.id,
    subscription: subscription.id,
    metadata: { ...subscription.metadata },
    billingReason: reason,
    ...(subscription.collectionMethod && { collectionMethod: subscription.collectionMethod }),
    ...(subscription.automaticTax && { automaticTax: true, country: world.customer.country ?? null }),
    created: at,
    status: "draft",
    attemptCount: 0,
    forUpdate: false,
    periodStart: subscription.periodStart,
    periodEnd: at,
    startingBalance: world.customer.balance,
    lines: lines.map((line, index) => ({ ...line, id: `il_tmp_${world.key}${index}` })),
  };
}
