/** Objects of the current API version, each checked against the SDK's type at compile time. */

import type Stripe from "stripe";
import { paths, productIds, product as productOf } from "@/lib/config/current-catalog";
import { stripeCurrency } from "../event-builders/currency";
import {
  billingMode,
  currentInvoice,
  currentItem,
  currentSession,
  currentSubscription,
  customerObject,
  invoiceAmounts,
  PRICES_CREATED,
  type WireFormat,
} from "../event-builders/stripe/events";
import type { AccountState, Invoice, Phase, Portal, Schedule, Session, Subscription } from "./account-state";
import { sessionLines } from "./priced";

export function subscriptionOf(_world: AccountState, subscription: Subscription) {
  return currentSubscription(subscription);
}

export function itemOf(subscription: Subscription, item: Subscription["items"][number]) {
  return currentItem(item, subscription);
}

export function invoiceOf(state: AccountState, invoice: Invoice) {
  const { customer, site } = state;
  const hosted = `${site}${paths().sandbox}/stripe/invoice/${invoice.id}`;
  const pages = { hosted, pdf: `${site}${paths().api}/sandbox/stripe/invoice/${invoice.id}/pdf` };
  return currentInvoice({ ...invoice, email: customer.email, name: customer.name, pages });
}

export function sessionOf(state: AccountState, session: Session) {
  const { customer, site } = state;
  const lines = session.trialEnd === null ? sessionLines(session) : [];
  const amount = invoiceAmounts({ lines: lines.map((line, index) => ({ ...line, id: String(index) })) }).total;
  const open = session.status === "open";
  const free = amount === 0;
  return currentSession({
    ...session,
    customer: customer.exists ? customer.id : null,
    amount,
    amountSubtotal: lines.reduce((sum, line) => sum + line.amount, 0),
    amountDiscount: lines.reduce((sum, { discount = 0 }) => sum + discount, 0),
    amountTax: lines.reduce((sum, { tax }) => sum + (tax?.amount ?? 0), 0),
    paymentStatus: paymentStatus(session, free),
    url: open ? `${site}${paths().sandbox}/stripe/checkout/${session.id}` : null,
  });
}

function paymentStatus({ status, debit }: Session, free: boolean): "unpaid" | "no_payment_required" | "paid" {
  if (status !== "complete") return "unpaid";
  if (free) return "no_payment_required";
  return debit === undefined || debit === "paid" ? "paid" : "unpaid";
}

export function customerOf({ customer }: AccountState) {
  return customerObject({
    ...customer,
    defaultPaymentMethod: customer.card,
    invoicePrefix: customer.id.slice(4, 12).toUpperCase(),
    nextInvoiceSequence: customer.invoices + 1,
  });
}

export function scheduleOf({ customer, subscriptions }: AccountState, schedule: Schedule) {
  const active = schedule.status === "active";
  const subscription = subscriptions.find(({ id }) => id === schedule.subscription);
  const current = active
    ? schedule.phases.find(
        ({ start, end }) => subscription && start <= subscription.periodStart && subscription.periodStart < end,
      )
    : undefined;
  return {
    id: schedule.id,
    object: "subscription_schedule",
    application: null,
    billing_mode: billingMode(subscription ?? {}),
    canceled_at: schedule.status === "canceled" ? schedule.endedAt : null,
    completed_at: schedule.status === "completed" ? schedule.endedAt : null,
    created: schedule.created,
    current_phase: current ? { end_date: current.end, start_date: current.start } : null,
    customer: customer.id,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: "automatic",
      billing_thresholds: null,
      collection_method: subscription?.collectionMethod ?? "charge_automatically",
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: subscription?.daysUntilDue ?? null,
        description: null,
        footer: null,
        issuer: { type: "self" },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: schedule.endBehavior,
    livemode: false,
    metadata: schedule.metadata,
    pause_schedules: [],
    phases: schedule.phases.map(phaseOf),
    released_at: schedule.status === "released" ? schedule.endedAt : null,
    released_subscription: schedule.status === "released" ? schedule.subscription : null,
    status: schedule.status,
    subscription: schedule.status === "released" ? null : schedule.subscription,
    test_clock: null,
  } satisfies WireFormat<Stripe.SubscriptionSchedule>;
}

function phaseOf(phase: Phase) {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    ...(phase.automaticTax !== undefined && {
      automatic_tax: {
        disabled_reason: null,
        enabled: phase.automaticTax,
        liability: phase.automaticTax ? { type: "self" as const } : null,
      },
    }),
    billing_cycle_anchor: phase.anchor ?? null,
    billing_thresholds: null,
    collection_method: null,
    currency: stripeCurrency(),
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: (phase.discounts ?? []).map(({ coupon, discount, promotionCode }) => ({
      coupon,
      discount,
      promotion_code: promotionCode,
    })),
    end_date: phase.end,
    invoice_settings: null,
    items: phase.items.map(({ price, quantity }) => ({
      billing_thresholds: null,
      discounts: [],
      metadata: {},
      plan: price.id,
      price: price.id,
      quantity,
      tax_rates: [],
    })),
    metadata: phase.metadata ?? {},
    on_behalf_of: null,
    proration_behavior: phase.prorationBehavior,
    start_date: phase.start,
    transfer_data: null,
    trial_end: phase.trialEnd,
  } satisfies WireFormat<Stripe.SubscriptionSchedule.Phase>;
}

export function portalOf({ customer, site }: AccountState, { id, created, returnUrl }: Portal) {
  return {
    id,
    object: "billing_portal.session",
    configuration: "bpc_sandbox",
    created,
    customer: customer.id,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: returnUrl,
    url: `${site}${paths().sandbox}/stripe/portal/${id}`,
  } satisfies WireFormat<Stripe.BillingPortal.Session>;
}

/** One product for each paid plan of the catalog. */
export function products() {
  return productIds().flatMap((productId) => {
    const { name, plans } = productOf(productId);
    return Object.entries(plans)
      .filter(([, { rank }]) => rank > 0)
      .map(([plan, { name: planName }]) => productObject(`prod_${productId}_${plan}`, `${name} ${planName}`));
  });
}

function productObject(id: string, name: string) {
  return {
    id,
    object: "product",
    active: true,
    created: PRICES_CREATED,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: "service",
    unit_label: null,
    updated: PRICES_CREATED,
    url: null,
  } satisfies WireFormat<Stripe.Product>;
}
