import { describe, expect, test } from "vitest";
import acme from "@/tests/support/acme/catalog";
import { priceListsOf } from "./catalog";
import { indexPrices, type StoredPrice } from "./stored-prices";

const SILVER = { product: "mail", plan: "silver", interval: "monthly" } as const;
const VARIABLE = "STRIPE_PRICE_MAIL_SILVER_MONTHLY";

function stored(priceId: string, over: Partial<StoredPrice> = {}): StoredPrice {
  const place = { processor: "stripe", mode: "test", ...SILVER } as const;
  const price = { processorProductId: "prod_1", amount: 1_500, currency: "USD", lookupKey: "k", active: true };
  return { ...place, ...price, priceId, ...over };
}

function listsOf(prices: StoredPrice[], variables = {}, options: { sandbox?: boolean; mode?: "live" | "test" } = {}) {
  return priceListsOf(acme, "stripe", variables, { sandbox: false, stored: () => indexPrices(prices), ...options });
}

describe("stored prices", () => {
  test("the first active price is sold; archived ones are recognized with their amount", () => {
    const lists = listsOf([stored("price_old", { active: false }), stored("price_new"), stored("price_later")]);
    expect(lists.sold(SILVER)).toBe("price_new");
    expect(lists.find("price_old")).toEqual({ ...SILVER, rank: 2, amount: 1_500 });
    expect(lists.find("price_none")).toBeUndefined();
  });

  test("a variable takes precedence, and the stored price is still recognized", () => {
    const lists = listsOf([stored("price_new")], { [VARIABLE]: "price_by_hand" });
    expect(lists.sold(SILVER)).toBe("price_by_hand");
    expect(lists.find("price_by_hand")).toEqual({ ...SILVER, rank: 2 });
    expect(lists.find("price_new")).toMatchObject(SILVER);
  });

  test("in the sandbox a stored price is sold, and the sandbox's id is recognized", () => {
    const lists = listsOf([stored("price_new")], {}, { sandbox: true });
    expect(lists.sold(SILVER)).toBe("price_new");
    expect(lists.find("price_mail_silver_monthly")).toMatchObject(SILVER);
    expect(listsOf([], {}, { sandbox: true }).sold(SILVER)).toBe("price_mail_silver_monthly");
  });

  test("prices of the other mode and of the other processor are not sold", () => {
    expect(listsOf([stored("price_live", { mode: "live" })]).sold(SILVER)).toBeUndefined();
    expect(listsOf([stored("price_live", { mode: "live" })], {}, { mode: "live" }).sold(SILVER)).toBe("price_live");
    const paddle = listsOf([stored("pri_1", { processor: "paddle" })]);
    expect([paddle.sold(SILVER), paddle.find("pri_1")]).toEqual([undefined, undefined]);
  });

  test("a price of a plan that the config no longer has is unknown", () => {
    const gone = [stored("price_1", { plan: "gone" }), stored("price_2", { product: "constructor" })];
    expect(gone.map(({ priceId }) => listsOf(gone).find(priceId))).toEqual([undefined, undefined]);
  });
});
