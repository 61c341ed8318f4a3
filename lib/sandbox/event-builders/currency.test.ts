import { afterEach, expect, test } from "vitest";
import { currentConfig, provideConfig } from "@/lib/config/current-catalog";
import { amountText } from "./currency";
import * as paddle from "./paddle/price";
import * as stripe from "./stripe/price";

const config = currentConfig();
afterEach(() => provideConfig(config));

test("the fake processors sell in the config's currency", () => {
  provideConfig({ ...config, currency: "eur" });
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  expect(stripe.priceObject(stripe.planPrice(price), false)).toMatchObject({ currency: "eur", unit_amount: 1_999 });
  expect(paddle.priceEntities(paddle.planPrice(price)).price).toMatchObject({
    unit_price: { amount: "1999", currency_code: "EUR" },
  });
  expect(amountText(199_900)).toBe("€1999.00");
});

test("an amount has the decimals of its currency", () => {
  expect([amountText(1_900), amountText(-50)]).toEqual(["$19.00", "-$0.50"]);
  provideConfig({ ...config, currency: "jpy" });
  expect(amountText(1_900)).toBe("¥1900");
});
