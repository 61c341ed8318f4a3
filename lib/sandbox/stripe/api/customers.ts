import type Stripe from "stripe";
import { z } from "zod";
import { endSubscription } from "../invoices";
import { listOf } from "../list";
import { isBankAccount } from "../methods";
import { customerOf } from "../objects";
import { paymentMethodOf } from "../payment-method";
import { missing } from "../problem";
import { tell, tellChange } from "../emit";
import { type Card, isLive, seconds, type World } from "../account-state";
import {
  byPath,
  endpoint,
  find,
  listParams,
  merged,
  metadata,
  page,
  paramsOf,
  requireCustomer,
  text,
  unset,
} from "./endpoint";

const details = {
  email: z.union([unset, text]).optional(),
  name: z.union([unset, text]).optional(),
  metadata: metadata.optional(),
};

const methodType = z.enum(["card", "us_bank_account"]).optional();

function methodsOf({ cards }: World, type: z.output<typeof methodType>): Card[] {
  return cards.filter(({ number }) => type === undefined || isBankAccount(number) === (type === "us_bank_account"));
}

export const customers = [
  endpoint({
    method: "POST",
    path: "/v1/customers",
    params: paramsOf<Stripe.CustomerCreateParams>()(details),
    of: () => ({ new: true }),
    act: (turn, params) => {
      const { customer } = turn.world;
      Object.assign(customer, {
        exists: true,
        created: seconds(turn),
        email: params.email || null,
        name: params.name || null,
        metadata: merged({}, params.metadata),
      });
      tell(turn, "customer.created", customerOf(turn.world));
      return customerOf(turn.world);
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/customers/:id",
    params: z.strictObject({}),
    of: byPath("customer"),
    act: ({ world }, _, id) => {
      if (!world.customer.exists) throw missing("customer", id);
      return world.customer.deleted ? { id, object: "customer", deleted: true } : customerOf(world);
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
    act: (turn, params, id) => {
      const { world } = turn;
      requireCustomer(world, id, "id");
      const card = params.invoice_settings?.default_payment_method;
      if (card) find(world, "cards", card, "invoice_settings[default_payment_method]");
      tellChange(
        turn,
        "customer.updated",
        () => customerOf(world),
        () => {
          const { customer } = world;
          if (params.email !== undefined) customer.email = params.email || null;
          if (params.name !== undefined) customer.name = params.name || null;
          if (card !== undefined) customer.card = card || null;
          customer.metadata = merged(customer.metadata, params.metadata);
        },
      );
      return customerOf(world);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/v1/customers/:id",
    params: z.strictObject({}),
    of: byPath("customer"),
    act: (turn, _, id) => {
      const { world } = turn;
      requireCustomer(world, id, "id");
      for (const subscription of world.subscriptions.filter(isLive)) {
        endSubscription(turn, subscription, "cancellation_requested");
      }
      world.customer.deleted = true;
      tell(turn, "customer.deleted", customerOf(world));
      return { id, object: "customer", deleted: true };
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/customers/:id/payment_methods",
    params: paramsOf<Stripe.CustomerListPaymentMethodsParams>()({ ...listParams, type: methodType }),
    of: byPath("customer"),
    act: ({ world }, params, id) => {
      requireCustomer(world, id, "id");
      const { data, hasMore } = page(methodsOf(world, params.type), params);
      const objects = data.map((card) => paymentMethodOf(world, card));
      return listOf(`/v1/customers/${id}/payment_methods`, objects, hasMore);
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/payment_methods/:id",
    params: z.strictObject({}),
    of: byPath("PaymentMethod"),
    act: ({ world }, _, id) => paymentMethodOf(world, find(world, "cards", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/payment_methods",
    params: paramsOf<Stripe.PaymentMethodListParams>()({ ...listParams, customer: text, type: methodType }),
    of: ({ customer }) => ({ object: customer, kind: "customer", param: "customer" }),
    act: ({ world }, params) => {
      requireCustomer(world, params.customer);
      const { data, hasMore } = page(methodsOf(world, params.type), params);
      const objects = data.map((card) => paymentMethodOf(world, card));
      return listOf("/v1/payment_methods", objects, hasMore);
    },
  }),
];
