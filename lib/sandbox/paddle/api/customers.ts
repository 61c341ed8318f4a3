import { z } from "zod";
import { addressOf, customerOf, portalOf } from "../objects";
import { tell } from "../emit";
import { nextId } from "../account-state";
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
    act: (turn, params) => {
      const { world, now } = turn;
      Object.assign(world.customer, {
        exists: true,
        email: params.email,
        name: params.name ?? null,
        customData: params.custom_data ?? null,
        createdAt: now,
        updatedAt: now,
      });
      tell(turn, "customer.created", customerOf(world));
      return customerOf(world);
    },
  }),
  endpoint({
    method: "GET",
    path: "/customers/:id",
    params: nothing,
    of: byPath,
    act: ({ world }, _, id) => {
      requireCustomer(world, id);
      return customerOf(world);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/customers/:id",
    params: z.strictObject({ email: email.optional(), name: text.nullish(), custom_data: customData }),
    of: byPath,
    act: (turn, params, id) => {
      const { world, now } = turn;
      requireCustomer(world, id);
      const { customer } = world;
      if (params.email !== undefined) customer.email = params.email;
      if (params.name !== undefined) customer.name = params.name;
      if (params.custom_data !== undefined) customer.customData = params.custom_data;
      customer.updatedAt = now;
      tell(turn, "customer.updated", customerOf(world));
      return customerOf(world);
    },
  }),
  endpoint({
    method: "GET",
    path: "/customers/:id/addresses",
    params: nothing,
    of: byPath,
    act: ({ world }, _, id) => {
      requireCustomer(world, id);
      return [addressOf(world)];
    },
  }),
  endpoint({
    method: "POST",
    path: "/customers/:id/portal-sessions",
    params: z.strictObject({ subscription_ids: z.array(text).max(25).optional() }),
    of: byPath,
    status: 201,
    act: ({ world, now }, { subscription_ids: linked = [] }, id) => {
      requireCustomer(world, id);
      for (const each of linked) find(world, "subscriptions", each);
      const portal = { id: nextId(world, "cpls"), createdAt: now };
      world.portals.push(portal);
      return portalOf(world, portal, linked);
    },
  }),
];
