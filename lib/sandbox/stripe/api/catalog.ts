/** Prices and products of the catalog, with this deployment's ids. They belong to no account. */
import type Stripe from "stripe";
import { type FindPrice, type Price, priceListsOf } from "@/lib/config/catalog";
import { catalog, priceLists, sellable } from "@/lib/config/current-catalog";
import { type PriceSpec, planPrice, priceObject } from "../../event-builders/stripe/events";
import { promotionCodeNamed } from "../coupons";
import type { Form } from "../form";
import { listOf } from "../list";
import { promotionCodes, redeemable } from "../money-objects";
import { products } from "../objects";
import { parsed } from "../parameters";
import { missing } from "../problem";
import { flag, listParams, text } from "./endpoint";
import { paramsOf } from "./params-of";

const lists = () => priceLists("stripe", process.env, { sandbox: true });

/** The price of an id, also if it is no longer sold. Throws for an unknown id. */
export function priceNamed(id: string, param: string, find: FindPrice = lists().find): PriceSpec {
  const price = find(id);
  if (price === undefined) throw missing("price", id, param, param === "id" ? 404 : 400);
  return planPrice(price, id);
}

export function retrievePrice(id: string) {
  return priceObject(priceNamed(id, "id"), false);
}

export function listPrices() {
  const { sold } = priceListsOf(catalog(), "stripe", process.env, { sandbox: true });
  return sellable().flatMap((price: Price) => {
    const id = sold(price);
    return id === undefined ? [] : [priceObject(planPrice(price, id), false)];
  });
}

export function retrieveProduct(id: string) {
  const found = products().find((each) => each.id === id);
  if (found === undefined) throw missing("product", id);
  return found;
}

export function listProducts() {
  return products();
}

const codeParams = paramsOf<Stripe.PromotionCodeListParams>()({
  ...listParams,
  active: flag.optional(),
  code: text.optional(),
  coupon: text.optional(),
});

/** Stripe finds a code without regard to case. */
export function listPromotionCodes(form: Form): object {
  const { active, code, coupon } = parsed(codeParams, form);
  const named = code === undefined ? null : (promotionCodeNamed(code) ?? "none");
  const found = promotionCodes(
    (each) =>
      (named === null || each === named) &&
      (active ?? each.active) === each.active &&
      (coupon ?? each.coupon) === each.coupon,
  );
  return listOf("/v1/promotion_codes", found);
}

export function retrieveRedeemable(kind: "coupon" | "promotion code", id: string): object {
  const found = redeemable(id);
  if (found === undefined) throw missing(kind, id);
  return found;
}
