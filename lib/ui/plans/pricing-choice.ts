/** The selection on the pricing page, read from its address. */

import { promotionCode } from "@/lib/billing/schemas/promotion-code";
import type { ProductId } from "@/lib/config/catalog";
import { findPlan, isProductId, paths, productIds, product as productOf, sales } from "@/lib/config/current-catalog";
import type { Interval, Processor } from "@/lib/config/terms";

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
 * Reads the selection from the address. Missing and invalid values become the defaults.
 * @param processors the processors that accept payments here, the default first
 */
export function pricingChoice(parameters: Parameters, processors: readonly Processor[]): PricingChoice {
  const { product, interval, processor, choose, code } = parameters;
  const parsedCode = promotionCode.safeParse(code);
  const [chosenProduct = "", chosenPlan = ""] = typeof choose === "string" ? choose.split(".") : [];
  return {
    product: typeof product === "string" && isProductId(product) ? product : null,
    interval: interval === "yearly" ? "yearly" : "monthly",
    processor: processors.find((id) => id === processor) ?? processors[0] ?? "stripe",
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
