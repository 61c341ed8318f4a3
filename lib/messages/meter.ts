import type { Meter } from "@/lib/config/catalog";
import { isProductId, product as productOf } from "@/lib/config/current-catalog";

/** A meter's name and unit. If the catalog no longer has the meter, the field is its name and "unit" its unit. */
export function meterNames(product: string, field: string): Pick<Meter, "label" | "unit"> {
  const meter = isProductId(product) ? productOf(product).meters[field] : undefined;
  return meter ?? { label: field, unit: { one: "unit", many: "units" } };
}
