/** Prices at the processors, as `tollgate push` stored them. */
import { z } from "zod";
import type { StoredPrice } from "@/lib/config/stored-prices";
import type { Call } from "./call";
import { count, interval, processor } from "./columns";

/** Products and plans are plain names: the config may have removed them. */
const storedPrice = z.object({
  processor,
  priceId: z.string(),
  mode: z.enum(["live", "test"]),
  product: z.string(),
  plan: z.string(),
  interval,
  processorProductId: z.string(),
  amount: count,
  currency: z.string(),
  lookupKey: z.string(),
  active: z.boolean(),
});

export function priceQueries(call: Call) {
  return {
    /** All stored prices, oldest first. */
    listProcessorPrices: (): Promise<StoredPrice[]> => call(z.array(storedPrice), "list_processor_prices", {}),

    /** Adds the prices or changes their rows, in one transaction. Returns the number of changed rows. */
    saveProcessorPrices: (prices: readonly StoredPrice[]) =>
      call(count, "save_processor_prices", {
        p_prices: prices.map(({ priceId, processorProductId, lookupKey, ...price }) => ({
          ...price,
          price_id: priceId,
          processor_product_id: processorProductId,
          lookup_key: lookupKey,
        })),
      }),
  };
}
