import { describe, expect, test } from "vitest";
import {
  type Answer,
  fakeApi,
  item,
  previewed,
  refusal,
  SUBSCRIPTION,
  subscription,
  totals,
  transaction,
} from "@/tests/support/fake-paddle-api";

const SILVER = "pri_mail_silver_monthly";
const DISCOUNT = "dsc_01gv5kpg05xp104ek2fmgjwttf";
const discount = (over: object = {}) => ({
  id: DISCOUNT,
  status: "active",
  description: "Spring",
  enabled_for_checkout: true,
  code: "SPRING20",
  mode: "standard",
  type: "percentage",
  amount: "20",
  currency_code: null,
  recur: true,
  maximum_recurring_intervals: null,
  usage_limit: null,
  restrict_to: null,
  expires_at: null,
  custom_data: null,
  times_used: 0,
  created_at: "2026-01-01T08:00:00.1Z",
  updated_at: "2026-01-01T08:00:00.1Z",
  import_meta: null,
  ...over,
});
const list = (...data: object[]): Answer => ({
  data,
  meta: { pagination: { per_page: 50, next: "https://elsewhere.example", has_more: false } },
});
const draft: Answer = { data: transaction("txn_01hv8wptq8987qeep44cyrewp9", { status: "draft" }) };

describe("a purchase with a code", () => {
  const request = {
    userId: "user_1",
    customer: null,
    email: null,
    priceId: SILVER,
    returnUrl: "https://app.example/billing",
    checkoutPage: "https://app.example/checkout/paddle",
  };

  test("names the discount, which is looked up by the code in any case of letters", async () => {
    const { client, requests } = await fakeApi(list(discount()), draft);
    await client.checkout({ ...request, code: "spring20" });
    expect(requests[0]).toMatchObject({ method: "GET", path: "/discounts" });
    expect(requests[0]?.query).toEqual({ code: "spring20", status: "active" });
    expect(requests[1]?.body).toMatchObject({ discount_id: DISCOUNT });
  });

  test.each<[string, Answer]>([
    ["no discount", list()],
    ["one that customers cannot redeem", list(discount({ enabled_for_checkout: false }))],
    ["one of another code", list(discount({ code: "SPRING200" }))],
    ["one without a code", list(discount({ code: null }))],
  ])("%s is an invalid code, and makes no transaction", async (_, answer) => {
    const { client, requests } = await fakeApi(answer, draft);
    await expect(client.checkout({ ...request, code: "SPRING20" })).rejects.toMatchObject({ problem: "invalid_code" });
    expect(requests).toHaveLength(1);
  });

  test.each(["SPRING20,OTHER", "", "A B", "ä", "x".repeat(33)])(
    "%j is an invalid code without a request",
    async (code) => {
      const { client, requests } = await fakeApi();
      await expect(client.checkout({ ...request, code })).rejects.toMatchObject({
        problem: "invalid_code",
        code: "malformed_code",
      });
      expect(requests).toEqual([]);
    },
  );

  test.each([
    "transaction_discount_not_eligible",
    "discount_usage_limit_exceeded",
    "transaction_balance_less_than_charge_limit",
  ])("the transaction's refusal %s is an invalid code", async (code) => {
    const { client } = await fakeApi(list(discount()), refusal(400, code));
    await expect(client.checkout({ ...request, code: "SPRING20" })).rejects.toMatchObject({
      problem: "invalid_code",
      code,
    });
  });

  test("too small an amount is no invalid code without a code", async () => {
    const { client } = await fakeApi(refusal(400, "transaction_balance_less_than_charge_limit"));
    await expect(client.checkout(request)).rejects.toMatchObject({ problem: "amount_too_small" });
  });

  test("another refusal keeps its reason", async () => {
    const { client } = await fakeApi(list(discount()), refusal(500, "internal_error"));
    await expect(client.checkout({ ...request, code: "SPRING20" })).rejects.toMatchObject({ problem: "unavailable" });
  });
});

describe("a preview of a subscription with a discount", () => {
  const held = { id: DISCOUNT, starts_at: "2026-11-01T10:00:00.123456Z", ends_at: "2027-02-01T10:00:00.123456Z" };
  const preview = (immediate: object, of: object | null = held): Answer => ({
    data: {
      ...subscription([item("pri_mail_titanium_monthly")], { discount: of }),
      immediate_transaction: { ...previewed("1904", "2026-11-16T10:00:00Z", immediate) },
      next_transaction: previewed("3807", "2026-12-01T10:00:00Z"),
      recurring_transaction_details: { tax_rates_used: [], totals: totals("3807"), line_items: [] },
    },
  });
  const change = { subscription: SUBSCRIPTION, priceId: "pri_mail_titanium_monthly", timing: "now" } as const;
  const ask = async (...answers: Answer[]) => {
    const { client, requests } = await fakeApi({ data: subscription([item(SILVER)]) }, ...answers);
    return { shown: await client.preview(change), requests };
  };

  test("gives the tax, the reduction, and the discount with its end", async () => {
    const sums = { tax: "304", grand_total_tax: "304", discount: "400" };
    const { shown, requests } = await ask(preview(sums), { data: discount() });
    expect(shown).toMatchObject({
      dueNow: { amount: 1904, currency: "USD" },
      tax: { amount: 304, currency: "USD" },
      discount: { amount: 400, currency: "USD" },
      discounts: [
        {
          id: DISCOUNT,
          name: "Spring",
          code: "SPRING20",
          off: { percent: 20 },
          endsAt: Date.UTC(2027, 1, 1, 10, 0, 0, 123),
        },
      ],
    });
    expect(requests[2]?.path).toBe(`/discounts/${DISCOUNT}`);
  });

  test("gives the tax of the card's charge, after credit", async () => {
    const sums = { tax: "304", grand_total_tax: "152", credit: "952", grand_total: "952" };
    const { shown } = await ask(preview(sums, null));
    expect(shown).toMatchObject({ dueNow: { amount: 952 }, tax: { amount: 152 } });
    expect(shown).not.toHaveProperty("discounts");
  });

  test.each([
    ["flat", { type: "flat", amount: "500", currency_code: "EUR" }, { amount: 500, currency: "EUR" }],
    ["per unit", { type: "flat_per_seat", amount: "100", currency_code: "USD" }, { amount: 300, currency: "USD" }],
  ])("%s", async (_, over, off) => {
    const { client } = await fakeApi(
      { data: subscription([item(SILVER, { quantity: 3 })]) },
      preview({}, { ...held, ends_at: null }),
      { data: discount(over) },
    );
    expect(await client.preview(change)).toMatchObject({ discounts: [{ off, endsAt: null }] });
  });

  test("gives the discount without a reduction if nothing is due", async () => {
    const { shown } = await ask(preview({ grand_total: "0", discount: "400", grand_total_tax: "0" }), {
      data: discount(),
    });
    expect(shown).toMatchObject({ dueNow: null, discounts: [{ id: DISCOUNT }] });
    expect(shown).not.toHaveProperty("discount");
    expect(shown).not.toHaveProperty("tax");
  });

  test("gives the amounts only if the key cannot read discounts", async () => {
    const { shown } = await ask(preview({ discount: "400" }), refusal(403, "forbidden"));
    expect(shown).toMatchObject({ dueNow: { amount: 1904 }, discount: { amount: 400 } });
    expect(shown).not.toHaveProperty("discounts");
  });
});

test("a plan change names no discount: Paddle keeps the subscription's discount", async () => {
  const { client, requests } = await fakeApi(
    { data: subscription([item(SILVER)], { discount: { id: DISCOUNT, starts_at: null, ends_at: null } }) },
    { data: subscription([item("pri_mail_titanium_monthly")]) },
  );
  await client.change({ subscription: SUBSCRIPTION, priceId: "pri_mail_titanium_monthly", timing: "now" });
  expect(requests[1]?.body).not.toHaveProperty("discount");
});
