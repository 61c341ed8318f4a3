import { describe, expect, test } from "vitest";
import type { Price } from "@/lib/config/catalog";
import type { Processor } from "@/lib/config/terms";
import { currentOffer, unsoldPlans } from "./offer";
import type { GetProcessor } from "./registry";

/** Processors that sell the listed prices: `mail.silver.monthly`. */
const selling =
  (lists: Partial<Record<Processor, { prices: readonly string[]; sells?: boolean }>>): GetProcessor =>
  async (processor) => {
    const list = lists[processor];
    const sold = ({ product, plan, interval }: Price) =>
      list?.prices.includes(`${product}.${plan}.${interval}`) ? `price_${plan}` : undefined;
    return list && { client: {} as never, sold, sells: list.sells ?? true };
  };

const MAIL = ["bronze", "silver", "titanium"].flatMap((plan) => [`mail.${plan}.monthly`, `mail.${plan}.yearly`]);
const DEPOT = ["solo", "office", "company"].flatMap((plan) => [`depot.${plan}.monthly`, `depot.${plan}.yearly`]);

describe("the offer", () => {
  test("has the processors that accept payments for at least one price", async () => {
    const all = selling({ stripe: { prices: MAIL }, paddle: { prices: MAIL } });
    expect((await currentOffer(all)).processors).toEqual(["stripe", "paddle"]);
    const empty = selling({ stripe: { prices: [] }, paddle: { prices: MAIL } });
    expect((await currentOffer(empty)).processors).toEqual(["paddle"]);
    const closed = await currentOffer(selling({ stripe: { prices: MAIL }, paddle: { prices: MAIL, sells: false } }));
    expect(closed.processors).toEqual(["stripe"]);
    // A subscription at Paddle can still be changed.
    expect(closed.sold("paddle", { product: "mail", plan: "silver", interval: "monthly" })).toBe(true);
    expect((await currentOffer(selling({}))).processors).toEqual([]);
  });

  test("has the intervals of a product's prices", async () => {
    const offer = await currentOffer(selling({ stripe: { prices: ["mail.silver.yearly", "depot.solo.monthly"] } }));
    expect(offer.intervals("stripe", null)).toEqual(["monthly", "yearly"]);
    expect(offer.intervals("stripe", "mail")).toEqual(["yearly"]);
    expect(offer.intervals("paddle", null)).toEqual([]);
  });
});

describe("unsold plans", () => {
  test("are the plans without a price at a configured processor, with their intervals", async () => {
    const prices = [...MAIL, ...DEPOT].filter((price) => !/silver|solo\.yearly/.test(price));
    expect(await unsoldPlans(selling({ stripe: { prices: [...MAIL, ...DEPOT] }, paddle: { prices } }))).toEqual([
      { processor: "paddle", product: "depot", plan: "solo", intervals: ["yearly"] },
      { processor: "paddle", product: "mail", plan: "silver", intervals: ["monthly", "yearly"] },
    ]);
  });

  test("are none without a processor", async () => expect(await unsoldPlans(selling({}))).toEqual([]));
});
