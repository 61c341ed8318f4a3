/** The tax and discount settings of a checkout in the requests to Stripe. */
import { describe, expect, test } from "vitest";
import type { Sales } from "@/lib/config/catalog";
import { CUSTOMER, fakeApiWithSales, refusal } from "@/tests/support/fake-stripe-api";

const PLAIN: Sales = { automaticTax: false, taxIds: false, promotionCodes: false };
const SESSION = { id: "cs_test_1", object: "checkout.session", url: "https://checkout.stripe.example/c/1" };
const REQUEST = {
  userId: "user_1",
  customer: CUSTOMER,
  email: "one@example.com",
  priceId: "price_mail_silver_monthly",
  returnUrl: "https://app.example/billing",
  checkoutPage: "https://app.example/checkout/stripe",
};
const codes = (...data: object[]) => ({ object: "list", data, has_more: false, url: "/v1/promotion_codes" });
const SPRING = { id: "promo_1", object: "promotion_code", code: "SPRING", active: true };

describe("a checkout without a code", () => {
  test.each<[string, Partial<Sales>, string | null, Record<string, string>]>([
    ["without further settings", {}, CUSTOMER, {}],
    ["with codes", { promotionCodes: true }, CUSTOMER, { allow_promotion_codes: "true" }],
    [
      "with taxes, of a customer",
      { automaticTax: true },
      CUSTOMER,
      { "automatic_tax[enabled]": "true", "customer_update[address]": "auto" },
    ],
    [
      "with tax ids, of a customer",
      { automaticTax: true, taxIds: true },
      CUSTOMER,
      {
        "automatic_tax[enabled]": "true",
        "tax_id_collection[enabled]": "true",
        "customer_update[address]": "auto",
        "customer_update[name]": "auto",
      },
    ],
    [
      "with taxes, of a new customer",
      { automaticTax: true, taxIds: true },
      null,
      { "automatic_tax[enabled]": "true", "tax_id_collection[enabled]": "true" },
    ],
  ])("%s", async (_, sales, customer, expected) => {
    const { client, requests } = await fakeApiWithSales({ ...PLAIN, ...sales }, SESSION);
    await client.checkout({ ...REQUEST, customer });
    const terms = Object.entries(requests[0]?.fields ?? {}).filter(([name]) =>
      /tax|promotion|update|discount/.test(name),
    );
    expect(Object.fromEntries(terms)).toEqual(expected);
  });
});

describe("a checkout with a code", () => {
  const sales = { ...PLAIN, promotionCodes: true };

  test("redeems the active code of that name, and allows no other code on the page", async () => {
    const { client, requests } = await fakeApiWithSales(sales, codes(SPRING), SESSION);
    await client.checkout({ ...REQUEST, code: "spring" });
    expect(requests[0]).toMatchObject({
      request: "GET /v1/promotion_codes",
      fields: { code: "spring", active: "true", limit: "1" },
    });
    expect(requests[1]?.fields).toMatchObject({ "discounts[0][promotion_code]": "promo_1" });
    expect(requests[1]?.fields).not.toHaveProperty("allow_promotion_codes");
  });

  test("opens no session if Stripe does not know the code", async () => {
    const { client, requests } = await fakeApiWithSales(sales, codes());
    await expect(client.checkout({ ...REQUEST, code: "none" })).rejects.toMatchObject({ problem: "invalid_code" });
    expect(requests).toHaveLength(1);
  });

  test("is refused for the code if Stripe refuses the code for this customer", async () => {
    const message = "This promotion code cannot be redeemed because the associated customer has prior transactions.";
    const { client } = await fakeApiWithSales(
      sales,
      codes(SPRING),
      refusal(400, "invalid_request_error", undefined, message),
    );
    await expect(client.checkout({ ...REQUEST, code: "SPRING" })).rejects.toMatchObject({ problem: "invalid_code" });
  });

  test("keeps the problem of another refusal", async () => {
    const { client } = await fakeApiWithSales(
      sales,
      codes(SPRING),
      refusal(404, "invalid_request_error", "resource_missing"),
    );
    await expect(client.checkout({ ...REQUEST, code: "SPRING" })).rejects.toMatchObject({ problem: "not_found" });
  });
});
