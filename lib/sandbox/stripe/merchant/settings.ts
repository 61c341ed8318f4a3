/** Webhook endpoints and the settings of the customer portal. They are stored only: events go to our own routes. */
import { randomBytes } from "node:crypto";
import type Stripe from "stripe";
import { z } from "zod";
import { flag, listParams, merged, metadata, page, text, unset } from "../api/endpoint";
import { paramsOf } from "../api/params-of";
import { listOf } from "../list";
import { invalid, missing } from "../problem";
import { type Endpoint, type Merchant, merchantEndpoint, nextId, type Portal } from "./state";

const MAX_ENDPOINTS = 16;
const events = z.array(z.string().regex(/^(\*|[a-z_0-9]+(\.[a-z_0-9]+)+)$/, "Invalid event type")).min(1);

/** Stripe sends to public addresses only. */
function requirePublic(url: string): void {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw invalid("Not a valid URL", "url", "url_invalid");
  if (/^(localhost|127\.|\[::1\]|10\.|192\.168\.)/.test(parsed.hostname)) {
    throw invalid(`Invalid URL: URL must be publicly accessible. Consider using a tool like the Stripe CLI.`, "url");
  }
}

/** Only the answer to the creation has the secret. */
function shown({ secret: _, ...endpoint }: Endpoint): object {
  return endpoint;
}

function endpointOf(state: Merchant, id: string): Endpoint {
  const found = state.endpoints.find((each) => each.id === id);
  if (found === undefined) throw missing("webhook endpoint", id);
  return found;
}

const endpoints = [
  merchantEndpoint({
    method: "POST",
    path: "/v1/webhook_endpoints",
    params: paramsOf<Stripe.WebhookEndpointCreateParams>()({
      url: text,
      enabled_events: events,
      description: text.optional(),
      metadata: metadata.optional(),
    }),
    run: (state, params, { now }) => {
      requirePublic(params.url);
      if (state.endpoints.length >= MAX_ENDPOINTS)
        throw invalid("You have reached the maximum of 16 test webhook endpoints.");
      const endpoint: Endpoint = {
        id: nextId(state, "we"),
        object: "webhook_endpoint",
        api_version: null,
        application: null,
        created: now,
        description: params.description ?? null,
        enabled_events: params.enabled_events,
        livemode: false,
        metadata: merged({}, params.metadata),
        status: "enabled",
        url: params.url,
        secret: `whsec_${randomBytes(16).toString("hex")}`,
      };
      state.endpoints.push(endpoint);
      return endpoint;
    },
  }),
  merchantEndpoint({
    method: "POST",
    path: "/v1/webhook_endpoints/:id",
    params: paramsOf<Stripe.WebhookEndpointUpdateParams>()({
      url: text.optional(),
      enabled_events: events.optional(),
      disabled: flag.optional(),
    }),
    run: (state, { url, enabled_events, disabled }, { id }) => {
      const endpoint = endpointOf(state, id);
      if (url !== undefined) requirePublic(url);
      endpoint.url = url ?? endpoint.url;
      endpoint.enabled_events = enabled_events ?? endpoint.enabled_events;
      if (disabled !== undefined) endpoint.status = disabled ? "disabled" : "enabled";
      return shown(endpoint);
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/v1/webhook_endpoints",
    params: paramsOf<Stripe.WebhookEndpointListParams>()(listParams),
    run: (state, params) => {
      const { data, hasMore } = page(state.endpoints, params);
      return listOf("/v1/webhook_endpoints", data.map(shown), hasMore);
    },
  }),
];

const enabled = z.strictObject({ enabled: flag });
const features = z.strictObject({
  customer_update: z
    .strictObject({
      enabled: flag,
      allowed_updates: z
        .union([unset, z.array(z.enum(["address", "email", "name", "phone", "shipping", "tax_id"]))])
        .optional(),
    })
    .optional(),
  invoice_history: enabled.optional(),
  payment_method_update: enabled.optional(),
  subscription_update: enabled.optional(),
});

function changeFeatures({ features: current }: Portal, changes: z.output<typeof features>): void {
  const { customer_update: customer, invoice_history, payment_method_update, subscription_update } = changes;
  if (customer) {
    current.customer_update.enabled = customer.enabled;
    if (customer.allowed_updates !== undefined)
      current.customer_update.allowed_updates = customer.allowed_updates === "" ? [] : customer.allowed_updates;
  }
  if (invoice_history) current.invoice_history.enabled = invoice_history.enabled;
  if (payment_method_update) current.payment_method_update.enabled = payment_method_update.enabled;
  if (subscription_update) current.subscription_update.enabled = subscription_update.enabled;
}

const portals = [
  merchantEndpoint({
    method: "POST",
    path: "/v1/billing_portal/configurations",
    params: paramsOf<Stripe.BillingPortal.ConfigurationCreateParams>()({ features, metadata: metadata.optional() }),
    run: (state, params, { now }) => {
      const portal = newPortal(nextId(state, "bpc"), now, merged({}, params.metadata));
      changeFeatures(portal, params.features);
      state.portals.push(portal);
      return portal;
    },
  }),
  merchantEndpoint({
    method: "POST",
    path: "/v1/billing_portal/configurations/:id",
    params: paramsOf<Stripe.BillingPortal.ConfigurationUpdateParams>()({
      features: features.optional(),
      active: flag.optional(),
    }),
    run: (state, params, { id, now }) => {
      const portal = state.portals.find((each) => each.id === id);
      if (portal === undefined) throw missing("configuration", id);
      if (params.features) changeFeatures(portal, params.features);
      portal.active = params.active ?? portal.active;
      portal.updated = now;
      return portal;
    },
  }),
  merchantEndpoint({
    method: "GET",
    path: "/v1/billing_portal/configurations",
    params: paramsOf<Stripe.BillingPortal.ConfigurationListParams>()({
      ...listParams,
      active: flag.optional(),
      is_default: flag.optional(),
    }),
    run: (state, { active, is_default, ...paging }) => {
      const found = state.portals.filter(
        (each) => (active ?? each.active) === each.active && (is_default ?? each.is_default) === each.is_default,
      );
      const { data, hasMore } = page(found, paging);
      return listOf("/v1/billing_portal/configurations", data, hasMore);
    },
  }),
];

/** With Stripe's defaults. Settings that the API creates are never the account's default ones. */
function newPortal(id: string, now: number, tags: Record<string, string>): Portal {
  return {
    id,
    object: "billing_portal.configuration",
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: now,
    default_return_url: null,
    features: {
      customer_update: { allowed_updates: [], enabled: false },
      invoice_history: { enabled: false },
      payment_method_update: { enabled: false, payment_method_configuration: null },
      subscription_cancel: {
        cancellation_reason: { enabled: false, feedback_options: null, options: [] },
        enabled: false,
        mode: "at_period_end",
        proration_behavior: "none",
      },
      subscription_pause: { duration: { interval_options: [], type: "indefinite" }, enabled: false },
      subscription_update: {
        billing_cycle_anchor: null,
        default_allowed_updates: [],
        enabled: false,
        proration_behavior: "none",
        schedule_at_period_end: { conditions: [] },
        trial_update_behavior: "end_trial",
      },
    },
    is_default: false,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: tags,
    name: null,
    updated: now,
  };
}

export const merchantSettings = [...endpoints, ...portals];
