import type Stripe from "stripe";
import { z } from "zod";
import { identifier } from "@/lib/core/text";
import { type AccountState, type BillingMode, nextId, type Session, seconds } from "../account-state";
import { expireSession } from "../checkout";
import { redeemed } from "../discounts";
import { listOf } from "../list";
import { portalOf, sessionOf } from "../objects";
import { invalid } from "../problem";
import { priceNamed } from "./catalog";
import {
  automaticTax,
  byPath,
  count,
  created,
  endpoint,
  find,
  flag,
  instant,
  isCreated,
  listParams,
  merged,
  metadata,
  ofCustomerOrSubscription,
  page,
  requireCustomer,
  text,
} from "./endpoint";
import { paramsOf } from "./params-of";

const LIFETIME = 24 * 3_600;

const url = z.url({ protocol: /^https?$/, error: "Not a valid URL" }).max(5_000);

type Create = Stripe.Checkout.SessionCreateParams;
type SubscriptionData = NonNullable<Create["subscription_data"]>;

const billingMode = paramsOf<NonNullable<SubscriptionData["billing_mode"]>>()({
  type: z.enum(["classic", "flexible"]),
  flexible: z.strictObject({ proration_discounts: z.enum(["included", "itemized"]).optional() }).optional(),
});

const subscriptionData = paramsOf<SubscriptionData>()({
  billing_mode: billingMode.optional(),
  metadata: metadata.optional(),
  trial_period_days: count.pipe(z.number().min(1).max(730)).optional(),
  trial_end: instant.optional(),
  trial_settings: z
    .strictObject({
      end_behavior: z.strictObject({ missing_payment_method: z.enum(["cancel", "create_invoice", "pause"]) }),
    })
    .optional(),
  description: text.optional(),
});

const sessionParams = paramsOf<Create>()({
  mode: z.literal("subscription", { error: "The sandbox supports checkouts of subscriptions only." }),
  line_items: z
    .array(z.strictObject({ price: text, quantity: count.pipe(z.number().min(1)).default(1) }))
    .min(1)
    .max(20),
  customer: text.optional(),
  customer_email: text.optional(),
  client_reference_id: identifier({ max: 200 }).optional(),
  metadata: metadata.optional(),
  subscription_data: subscriptionData.optional(),
  success_url: url,
  cancel_url: url.optional(),
  expires_at: instant.optional(),
  payment_method_collection: z.enum(["always", "if_required"]).default("always"),
  allow_promotion_codes: flag.optional(),
  discounts: z
    .array(z.strictObject({ coupon: text.optional(), promotion_code: text.optional() }))
    .max(1, "You can only redeem one discount.")
    .optional(),
  automatic_tax: automaticTax.optional(),
  tax_id_collection: z
    .strictObject({ enabled: flag, required: z.enum(["if_supported", "never"]).optional() })
    .optional(),
  customer_update: z.partialRecord(z.enum(["address", "name", "shipping"]), z.enum(["auto", "never"])).optional(),
  // Accepted without effect: they change the page only.
  billing_address_collection: z.enum(["auto", "required"]).optional(),
  consent_collection: z.record(text, text).optional(),
  custom_text: z.record(text, z.strictObject({ message: text })).optional(),
  integration_identifier: text.optional(),
  locale: text.optional(),
  origin_context: z.enum(["mobile_app", "web"]).optional(),
  phone_number_collection: z.strictObject({ enabled: flag }).optional(),
  submit_type: z.enum(["auto", "book", "donate", "pay", "subscribe"]).optional(),
  // The other modes are the seller's own pages, which the sandbox cannot open.
  ui_mode: z.enum(["hosted_page"]).optional(),
});

type SessionParams = z.infer<typeof sessionParams>;

/** Refuses combinations of codes, taxes and addresses that Stripe refuses. */
function refuseImpossible({ customer }: AccountState, params: SessionParams): void {
  const { customer_update: update, discounts, automatic_tax: tax, tax_id_collection: ids } = params;
  if (discounts !== undefined && params.allow_promotion_codes !== undefined) {
    throw invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.", "discounts");
  }
  if (params.customer === undefined) {
    if (update !== undefined) throw invalid("`customer_update` can only be used with `customer`.", "customer_update");
    return;
  }
  if (tax?.enabled && !customer.country && update?.address !== "auto") {
    const message =
      "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer.";
    throw invalid(message, "automatic_tax", "customer_tax_location_invalid");
  }
  if (ids?.enabled && update?.name !== "auto") {
    const message =
      "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`.";
    throw invalid(message, "tax_id_collection");
  }
}

export const sessions = [
  endpoint({
    method: "POST",
    path: "/v1/checkout/sessions",
    params: sessionParams,
    of: ({ customer }) =>
      customer === undefined ? { new: true } : { object: customer, kind: "customer", param: "customer" },
    run: (step, params) => {
      const { state } = step;
      if (params.customer !== undefined) requireCustomer(state, params.customer);
      if (params.customer !== undefined && params.customer_email !== undefined) {
        throw invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email");
      }
      refuseImpossible(state, params);
      const now = seconds(step);
      const { trial_period_days: days, trial_end: at } = params.subscription_data ?? {};
      const expiresAt = params.expires_at ?? now + LIFETIME;
      if (expiresAt < now + 1_800 || expiresAt > now + LIFETIME) {
        throw invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", "expires_at");
      }
      const session: Session = {
        id: nextId(state, "cs_test"),
        created: now,
        expiresAt,
        status: "open",
        items: params.line_items.map(({ price, quantity }, index) => ({
          price: priceNamed(price, `line_items[${index}][price]`),
          quantity,
        })),
        trialEnd: at !== undefined ? { at } : days !== undefined ? { days } : null,
        paymentMethodCollection: params.payment_method_collection,
        billingMode: billingModeOf(params.subscription_data?.billing_mode),
        missingPaymentMethod:
          params.subscription_data?.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice",
        metadata: merged({}, params.metadata),
        subscriptionMetadata: merged({}, params.subscription_data?.metadata),
        clientReferenceId: params.client_reference_id ?? null,
        customerEmail: params.customer_email ?? null,
        details: null,
        successUrl: params.success_url,
        cancelUrl: params.cancel_url ?? null,
        subscription: null,
        invoice: null,
        allowPromotionCodes: params.allow_promotion_codes ?? false,
        discounts: (params.discounts ?? []).map((each, index) => redeemed(state, each, `discounts[${index}]`)),
        automaticTax: params.automatic_tax?.enabled ?? false,
        taxIdCollection: params.tax_id_collection?.enabled ?? false,
        country: state.customer.country ?? null,
      };
      state.sessions.push(session);
      return sessionOf(state, session);
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/checkout/sessions/:id",
    params: z.strictObject({}),
    of: byPath("checkout.session"),
    run: ({ state }, _, id) => sessionOf(state, find(state, "sessions", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/checkout/sessions",
    params: paramsOf<Stripe.Checkout.SessionListParams>()({
      ...listParams,
      created,
      customer: text.optional(),
      status: z.enum(["open", "complete", "expired"]).optional(),
      subscription: text.optional(),
    }),
    of: ofCustomerOrSubscription,
    run: ({ state }, params) => {
      if (params.customer !== undefined) requireCustomer(state, params.customer);
      const wanted = state.sessions.filter(
        ({ created, status, subscription }) =>
          (params.status ?? status) === status &&
          (params.subscription ?? subscription) === subscription &&
          isCreated(created, params.created),
      );
      const { data, hasMore } = page(wanted, params);
      return listOf(
        "/v1/checkout/sessions",
        data.map((session) => sessionOf(state, session)),
        hasMore,
      );
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/checkout/sessions/:id/expire",
    params: z.strictObject({}),
    of: byPath("checkout.session"),
    run: (step, _, id) => {
      const session = find(step.state, "sessions", id);
      if (session.status !== "open") {
        throw invalid(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
        );
      }
      expireSession(step, session);
      return sessionOf(step.state, session);
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/billing_portal/sessions",
    params: paramsOf<Stripe.BillingPortal.SessionCreateParams>()({
      customer: text,
      return_url: url.optional(),
      configuration: text.optional(),
      locale: text.optional(),
    }),
    of: ({ customer }) => ({ object: customer, kind: "customer", param: "customer" }),
    run: (step, params) => {
      const { state } = step;
      requireCustomer(state, params.customer);
      const portal = { id: nextId(state, "bps"), created: seconds(step), returnUrl: params.return_url ?? null };
      state.portals.push(portal);
      return portalOf(state, portal);
    },
  }),
];

/** Since 2025-09-30 a subscription is flexible unless the request says otherwise. */
function billingModeOf(asked: z.output<typeof billingMode> | undefined): BillingMode {
  if (asked?.type === "classic") {
    if (asked.flexible) {
      throw invalid(
        "You may only pass `flexible` if `type` is `flexible`.",
        "subscription_data[billing_mode][flexible]",
      );
    }
    return { type: "classic" };
  }
  return { type: "flexible", prorationDiscounts: asked?.flexible?.proration_discounts ?? "included" };
}
