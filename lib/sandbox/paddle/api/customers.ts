import { z } from "zod";
import { nextId } from "../account-state";
import { emitEvent } from "../emit";
import { addressOf, customerOf, portalOf } from "../objects";
import { byPath, customData, endpoint, find, nothing, requireCustomer, text } from "./endpoint";

const email = z.email().max(320);

export const customers = [
  endpoint({
    method: "POST",
    path: "/customers",
    params: z.strictObject({
      email,
      name: text.nullish(),
      custom_data: customData,
      locale: z.literal("en").optional(),
    }),
    of: ({ custom_data }) => ({ new: { userId: custom_data?.user_id ?? null } }),
    status: 201,
    run: (step, params) => {
      const { state, now } = step;
      Object.assign(state.customer, {
        exists: true,
        email: params.email,
        name: params.name ?? null,
        customData: params.custom_data ?? null,
        createdAt: now,
        updatedAt: now,
      });
      emitEvent(step, "customer.created", customerOf(state));
      return customerOf(state);
    },
  }),
  endpoint({
    method: "GET",
    path: "/customers/:id",
    params: nothing,
    of: byPath,
    run: ({ state }, _, id) => {
      requireCustomer(state, id);
      return customerOf(state);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/customers/:id",
    params: z.strictObject({ email: email.optional(), name: text.nullish(), custom_data: customData }),
    of: byPath,
    run: (step, params, id) => {
      const { state, now } = step;
      requireCustomer(state, id);
      const { customer } = state;
      if (params.email !== undefined) customer.email = params.email;
      if (params.name !== undefined) customer.name = params.name;
      if (params.custom_data !== undefined) customer.customData = params.custom_data;
      customer.updatedAt = now;
      emitEvent(step, "customer.updated", customerOf(state));
      return customerOf(state);
    },
  }),
  endpoint({
    method: "GET",
    path: "/customers/:id/addresses",
    params: nothing,
    of: byPath,
    run: ({ state }, _, id) => {
      requireCustomer(state, id);
      return [addressOf(state)];
    },
  }),
  endpoint({
    method: "POST",
    path: "/customers/:id/portal-sessions",
    params: z.strictObject({ subscription_ids: z.array(text).max(25).optional() }),
    of: byPath,
    status: 201,
    run: ({ state, now }, { subscription_ids: linked = [] }, id) => {
      requireCustomer(state, id);
      for (const each of linked) find(state, "subscriptions", each);
      const portal = { id: nextId(state, "cpls"), createdAt: now };
      state.portals.push(portal);
      return portalOf(state, portal, linked);
    },
  }),
];
