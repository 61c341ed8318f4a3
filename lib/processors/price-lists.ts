import type { PriceLists } from "@/lib/config/catalog";
import { priceLists } from "@/lib/config/current-catalog";
import type { Processor } from "@/lib/config/terms";
import { env } from "@/lib/core/env";

/** The price lists of this process's catalog and environment. */
export function configuredPriceLists(processor: Processor): PriceLists {
  return priceLists(processor, process.env, { sandbox: env().sandbox });
}
