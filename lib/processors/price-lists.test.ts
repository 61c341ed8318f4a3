import { beforeEach, expect, test } from "vitest";
import { provideStoredPrices } from "@/lib/config/current-catalog";
import type { StoredPrice } from "@/lib/config/stored-prices";
import { configuredPriceLists, providePriceSource, refreshPrices } from "./price-lists";

const SILVER = { product: "mail", plan: "silver", interval: "monthly" } as const;
const PRICE: StoredPrice = {
  processor: "stripe",
  mode: "test",
  ...SILVER,
  priceId: "price_1",
  processorProductId: "prod_1",
  amount: 1_999,
  currency: "USD",
  lookupKey: "k",
  active: true,
};

beforeEach(() => provideStoredPrices([]));

test("price lists that exist use the prices that were read since", async () => {
  const lists = configuredPriceLists("stripe");
  providePriceSource(async () => [PRICE]);
  expect(lists.find("price_1")).toBeUndefined();
  await refreshPrices(0);
  expect([lists.find("price_1"), lists.sold(SILVER)]).toMatchObject([SILVER, "price_1"]);
});

test("prices are read at most once per interval, and once for concurrent calls", async () => {
  let reads = 0;
  providePriceSource(async () => {
    reads += 1;
    return [];
  });
  await Promise.all([refreshPrices(3_000, 10_000), refreshPrices(3_000, 10_000)]);
  await refreshPrices(3_000, 12_999);
  expect(reads).toBe(1);
  await refreshPrices(3_000, 13_000);
  expect(reads).toBe(2);
});

test("if the database does not answer, the known prices stay, and the next read waits", async () => {
  let reads = 0;
  providePriceSource(async () => {
    reads += 1;
    if (reads > 1) throw new Error("down");
    return [PRICE];
  });
  await refreshPrices(3_000, 10_000);
  await refreshPrices(3_000, 20_000);
  await refreshPrices(3_000, 20_001);
  expect([reads, configuredPriceLists("stripe").sold(SILVER)]).toEqual([2, "price_1"]);
});
