import { z } from "zod";
import { paths } from "@/lib/config/current-catalog";
import { paddleCurrency } from "../../event-builders/currency";
import type { DiscountSpec } from "../../event-builders/paddle/events";
import type { AccountState } from "../account-state";
import { discountNamed } from "../discounts";
import { transactionOf } from "../objects";
import { PaddleProblem } from "../problem";
import { periodLines } from "../proration";
import { redeem } from "../redemption";
import { cancel, make } from "../transactions";
import { priceNamed } from "./catalog";
import {
  accountsOf,
  byPath,
  customData,
  endpoint,
  find,
  items,
  page,
  requireCustomer,
  several,
  text,
} from "./endpoint";
import { include, transactionWith } from "./include";

const STATUSES = ["draft", "ready", "billed", "paid", "completed", "canceled", "past_due"] as const;

export const transactions = [
  endpoint({
    method: "POST",
    path: "/transactions",
    params: z.strictObject({
      items,
      customer_id: text.nullish(),
      custom_data: customData,
      currency_code: z.custom((value) => value === paddleCurrency()).optional(),
      collection_mode: z.literal("automatic").optional(),
      checkout: z.strictObject({ url: z.url().max(2_048).nullish() }).nullish(),
      discount_id: text.nullish(),
    }),
    of: ({ customer_id, custom_data }) =>
      customer_id ? { object: customer_id } : { new: { userId: custom_data?.user_id ?? null } },
    status: 201,
    run: (step, params) => {
      const { state } = step;
      if (params.customer_id) requireCustomer(state, params.customer_id);
      const bought = params.items.map(({ price_id, quantity }, index) => ({
        price: priceNamed(price_id, `items[${index}].price_id`),
        quantity,
      }));
      if (new Set(bought.map(({ price }) => price.interval)).size > 1) {
        const detail = "prices must have one billing cycle";
        throw new PaddleProblem(400, "transaction_price_different_billing_cycle", detail);
      }
      const page = params.checkout?.url ?? undefined;
      if (page !== undefined) requireApprovedDomain(state, page);
      const lines = periodLines(bought, null);
      const transaction = make(step, {
        origin: "api",
        status: "draft",
        subscription: null,
        lines: params.discount_id ? redeem(discountAsked(params.discount_id), lines) : lines,
        period: null,
        customData: params.custom_data ?? null,
        discountId: params.discount_id ?? null,
        checkoutPage: page,
      });
      return transactionOf(state, transaction);
    },
  }),
  endpoint({
    method: "GET",
    path: "/transactions/:id",
    params: z.strictObject({ include }),
    of: byPath,
    run: ({ state }, params, id) => transactionWith(state, find(state, "transactions", id), params.include),
  }),
  endpoint({
    method: "PATCH",
    path: "/transactions/:id",
    params: z.strictObject({ status: z.literal("canceled") }),
    of: byPath,
    run: (step, _, id) => {
      const transaction = find(step.state, "transactions", id);
      if (transaction.status !== "ready" && transaction.status !== "billed") {
        throw new PaddleProblem(400, "transaction_invalid_status_change", `transaction is ${transaction.status}`);
      }
      cancel(step, transaction);
      return transactionOf(step.state, transaction);
    },
  }),
  endpoint({
    method: "GET",
    path: "/transactions",
    params: z.strictObject({
      ...page(30),
      id: several.optional(),
      customer_id: several.optional(),
      subscription_id: several.optional(),
      status: several.pipe(z.array(z.enum(STATUSES))).optional(),
      origin: several.optional(),
      collection_mode: z.enum(["automatic", "manual"]).optional(),
      include,
    }),
    of: accountsOf,
    run: ({ state }, { id, customer_id, subscription_id, status, origin, collection_mode, include }) =>
      state.transactions
        .filter(
          (each) =>
            (id?.includes(each.id) ?? true) &&
            (customer_id?.includes(each.customer ?? "") ?? true) &&
            (subscription_id?.includes(each.subscription ?? "") ?? true) &&
            (status?.includes(each.status) ?? true) &&
            (origin?.includes(each.origin) ?? true) &&
            collection_mode !== "manual",
        )
        .map((each) => transactionWith(state, each, include)),
  }),
  endpoint({
    method: "GET",
    path: "/transactions/:id/invoice",
    params: z.strictObject({ disposition: z.enum(["attachment", "inline"]).optional() }),
    of: byPath,
    run: ({ state }, _, id) => {
      const transaction = find(state, "transactions", id);
      if (transaction.status !== "completed" || transactionOf(state, transaction).details.totals.total === "0") {
        throw new PaddleProblem(400, "transaction_not_completed", "there is no invoice for this transaction");
      }
      return { url: `${state.site}${paths().api}/sandbox/paddle/invoice/${id}/pdf` };
    },
  }),
];

function discountAsked(id: string): DiscountSpec {
  const discount = discountNamed(id);
  if (discount !== null) return discount;
  throw new PaddleProblem(400, "transaction_discount_not_found", `discount ${id} not found`);
}

/** The seller has one approved domain: that of the site. */
function requireApprovedDomain({ site }: AccountState, page: string): void {
  const { hostname } = new URL(page);
  if (hostname === new URL(site).hostname) return;
  const detail = `the domain ${hostname} is not approved for checkouts`;
  throw new PaddleProblem(400, "transaction_checkout_url_domain_is_not_approved", detail);
}
