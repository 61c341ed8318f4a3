/** The selection on the pricing page, read from its address. */

import { promotionCode } from "@/lib/billing/schemas/promotion-code";
import type { ProductId } from "@/lib/config/catalog";
import { findPlan, isProductId, paths, productIds, product as productOf, sales } from "@/lib/config/current-catalog";
import type { Interval, Processor } from "@/lib/config/terms";
import type { Offer } from "@/lib/processors";

export interface PricingChoice {
  /** null: all products. */
  product: ProductId | null;
  interval: Interval;
  processor: Processor;
  /** The plan that was chosen before signing in. */
  chosen: { product: ProductId; plan: string } | null;
  /** The address's promotion code; the processor validates it at checkout. */
  code: string | null;
}

type Parameters = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Reads the selection from the address. Missing and invalid values become the defaults: the first processor, and monthly prices
 * if the processor sells any.
 */
export function pricingChoice(parameters: Parameters, offer: Pick<Offer, "processors" | "intervals">): PricingChoice {
  const { product, interval, processor, choose, code } = parameters;
  const parsedCode = promotionCode.safeParse(code);
  const [chosenProduct = "", chosenPlan = ""] = typeof choose === "string" ? choose.split(".") : [];
  const chosenProcessor = offer.processors.find((id) => id === processor) ?? offer.processors[0] ?? "stripe";
  const knownProduct = typeof product === "string" && isProductId(product) ? product : null;
  const intervals = offer.intervals(chosenProcessor, knownProduct);
  return {
    product: knownProduct,
    interval: intervals.find((each) => each === interval) ?? intervals[0] ?? "monthly",
    processor: chosenProcessor,
    chosen:
      isProductId(chosenProduct) && findPlan(chosenProduct, chosenPlan)
        ? { product: chosenProduct, plan: chosenPlan }
        : null,
    code: sales().promotionCodes && parsedCode.success ? parsedCode.data : null,
  };
}

/** The address of a selection, without defaults. */
export function pricingPath({ product, interval, processor, code }: Omit<PricingChoice, "chosen">): string {
  const parameters = new URLSearchParams();
  if (product !== null) parameters.set("product", product);
  if (interval !== "monthly") parameters.set("interval", interval);
  if (processor !== "stripe") parameters.set("processor", processor);
  if (code !== null) parameters.set("code", code);
  return parameters.size === 0 ? paths().pricing : `${paths().pricing}?${parameters}`;
}

/** The products by name, in the catalog's order. */
export function productNames(): { id: ProductId; name: string }[] {
  return productIds().map((id) => ({ id, name: productOf(id).name }));
}
