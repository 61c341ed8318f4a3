import type Stripe from "stripe";
import { z } from "zod";
import { type AccountState, type Card, isLive, seconds } from "../account-state";
import { emitChange, emitEvent } from "../emit";
import { endSubscription } from "../invoices";
import { listOf } from "../list";
import { isBankAccount } from "../methods";
import { customerOf } from "../objects";
import { paymentMethodOf } from "../payment-method";
import { missing } from "../problem";
import { byPath, endpoint, find, listParams, merged, metadata, page, requireCustomer, text, unset } from "./endpoint";
import { paramsOf } from "./params-of";

const details = {
  email: z.union([unset, text]).optional(),
  name: z.union([unset, text]).optional(),
  metadata: metadata.optional(),
};

const methodType = z.enum(["card", "us_bank_account"]).optional();

function methodsOf({ cards }: AccountState, type: z.output<typeof methodType>): Card[] {
  return cards.filter(({ number }) => type === undefined || isBankAccount(number) === (type === "us_bank_account"));
}

export const customers = [
  endpoint({
    method: "POST",
    path: "/v1/customers",
    params: paramsOf<Stripe.CustomerCreateParams>()(details),
    of: () => ({ new: true }),
    run: (step, params) => {
      const { customer } = step.state;
      Object.assign(customer, {
        exists: true,
        created: seconds(step),
        email: params.email || null,
        name: params.name || null,
        metadata: merged({}, params.metadata),
      });
      emitEvent(step, "customer.created", customerOf(step.state));
      return customerOf(step.state);
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/customers/:id",
    params: z.strictObject({}),
    of: byPath("customer"),
    run: ({ state }, _, id) => {
      if (!state.customer.exists) throw missing("customer", id);
      return state.customer.deleted ? { id, object: "customer", deleted: true } : customerOf(state);
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/customers/:id",
    params: paramsOf<Stripe.CustomerUpdateParams>()({
      ...details,
      invoice_settings: z.strictObject({ default_payment_method: z.union([unset, text]).optional() }).optional(),
    }),
    of: byPath("customer"),
    run: (step, params, id) => {
      const { state } = step;
      requireCustomer(state, id, "id");
      const card = params.invoice_settings?.default_payment_method;
      if (card) find(state, "cards", card, "invoice_settings[default_payment_method]");
      emitChange(
        step,
        "customer.updated",
        () => customerOf(state),
        () => {
          const { customer } = state;
          if (params.email !== undefined) customer.email = params.email || null;
          if (params.name !== undefined) customer.name = params.name || null;
          if (card !== undefined) customer.card = card || null;
          customer.metadata = merged(customer.metadata, params.metadata);
        },
      );
      return customerOf(state);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/v1/customers/:id",
    params: z.strictObject({}),
    of: byPath("customer"),
    run: (step, _, id) => {
      const { state } = step;
      requireCustomer(state, id, "id");
      for (const subscription of state.subscriptions.filter(isLive)) {
        endSubscription(step, subscription, "cancellation_requested");
      }
      state.customer.deleted = true;
      emitEvent(step, "customer.deleted", customerOf(state));
      return { id, object: "customer", deleted: true };
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/customers/:id/payment_methods",
    params: paramsOf<Stripe.CustomerListPaymentMethodsParams>()({ ...listParams, type: methodType }),
    of: byPath("customer"),
    run: ({ state }, params, id) => {
      requireCustomer(state, id, "id");
      const { data, hasMore } = page(methodsOf(state, params.type), params);
      const objects = data.map((card) => paymentMethodOf(state, card));
      return listOf(`/v1/customers/${id}/payment_methods`, objects, hasMore);
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/payment_methods/:id",
    params: z.strictObject({}),
    of: byPath("PaymentMethod"),
    run: ({ state }, _, id) => paymentMethodOf(state, find(state, "cards", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/payment_methods",
    params: paramsOf<Stripe.PaymentMethodListParams>()({ ...listParams, customer: text, type: methodType }),
    of: ({ customer }) => ({ object: customer, kind: "customer", param: "customer" }),
    run: ({ state }, params) => {
      requireCustomer(state, params.customer);
      const { data, hasMore } = page(methodsOf(state, params.type), params);
      const objects = data.map((card) => paymentMethodOf(state, card));
      return listOf("/v1/payment_methods", objects, hasMore);
    },
  }),
];
