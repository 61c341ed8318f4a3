import { describe, expect, test } from "vitest";
import { fakeApi, invoice, price, RENEWS, refusal, SUBSCRIPTION, subscription } from "@/tests/support/fake-stripe-api";
import type { PlanChange, ProcessorClient } from "../processor-client";

const TITANIUM = "price_mail_titanium_monthly";
const upgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: TITANIUM, timing: "now" };
const PATH = `/v1/subscriptions/${SUBSCRIPTION}`;

describe("an immediate change", () => {
  test("is charged at once, and pending if the charge needs the payer", async () => {
    const { client, requests } = await fakeApi(subscription(), subscription());
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]).toMatchObject({
      request: `POST ${PATH}`,
      headers: { "idempotency-key": expect.stringContaining(`change:${SUBSCRIPTION}:${TITANIUM}:`) },
    });
    expect(requests[1]?.fields).toEqual({
      "items[0][id]": "si_silver",
      "items[0][price]": TITANIUM,
      "items[0][quantity]": "1",
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
  });

  test("changes only the plan's own item, with its quantity", async () => {
    const items = [
      { id: "si_bots", price: price("office", "monthly", "depot") },
      { id: "si_silver", price: price("silver"), quantity: 3 },
    ];
    const { client, requests } = await fakeApi(subscription({}, { items }), subscription());
    await client.change(upgrade);
    expect(requests[1]?.fields).toMatchObject({ "items[0][id]": "si_silver", "items[0][quantity]": "3" });
  });

  test("returns the address to pay if the charge needs the payer", async () => {
    const pending = subscription({ pending_update: { expires_at: RENEWS }, latest_invoice: "in_second" });
    const { client, requests } = await fakeApi(subscription(), pending, invoice({ status: "open" }));
    expect(await client.change(upgrade)).toEqual({
      outcome: "payment_needed",
      url: "https://invoice.stripe.example/i/1",
    });
    expect(requests[2]?.request).toBe("GET /v1/invoices/in_second");
  });

  test("Case P3: has another key at a later attempt, so that a refusal is not repeated", async () => {
    const message = "This customer has no attached payment source or default payment method.";
    const refused = refusal(400, "invalid_request_error", "resource_missing", message);
    const { client, requests } = await fakeApi(subscription(), refused, subscription(), subscription());
    await expect(client.change(upgrade)).rejects.toMatchObject({ problem: "no_payment_method" });
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]?.headers["idempotency-key"]).not.toBe(requests[3]?.headers["idempotency-key"]);
  });

  describe("while another change waits for its payment", () => {
    const waiting = (priceId: string) =>
      subscription({
        pending_update: { expires_at: RENEWS, subscription_items: [{ id: "si_silver", price: { id: priceId } }] },
        latest_invoice: "in_waiting",
      });

    test("to the same price sends no change", async () => {
      const { client, requests } = await fakeApi(waiting(TITANIUM), invoice({ status: "open" }));
      expect(await client.change(upgrade)).toMatchObject({ outcome: "payment_needed" });
      expect(requests.every(({ request }) => request.startsWith("GET"))).toBe(true);
    });

    test.each<[string, (client: ProcessorClient) => Promise<unknown>, string]>([
      ["to another price withdraws the first change", (client) => client.change(upgrade), `POST ${PATH}`],
      [
        "to the free plan at the period's end withdraws the first change",
        (client) => client.cancel(SUBSCRIPTION, "period_end"),
        `POST ${PATH}`,
      ],
      [
        "to the free plan at once withdraws the first change",
        (client) => client.cancel(SUBSCRIPTION, "now"),
        `DELETE ${PATH}`,
      ],
    ])("%s", async (_, act, last) => {
      const voided = invoice({ status: "void" });
      const { client, requests } = await fakeApi(waiting("price_other"), voided, subscription(), subscription());
      await act(client);
      expect(requests.map(({ request }) => request)).toEqual([
        `GET ${PATH}`,
        "POST /v1/invoices/in_waiting/void",
        `GET ${PATH}`,
        last,
      ]);
    });

    test("starts from the first change if that was paid in between, else it fails", async () => {
      const refused = refusal(400, "invalid_request_error");
      const paid = subscription({}, { items: [{ id: "si_silver", price: price("titanium") }] });
      const { client, requests } = await fakeApi(waiting("price_other"), refused, paid);
      expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
      expect(requests).toHaveLength(3);
      const still = await fakeApi(waiting("price_other"), refused, waiting("price_other"));
      await expect(still.client.change(upgrade)).rejects.toMatchObject({ problem: "invalid" });
    });
  });

  test("to the current plan sends no change", async () => {
    const { client, requests } = await fakeApi(subscription({}, { items: [{ id: "si_1", price: price("titanium") }] }));
    expect(await client.change(upgrade)).toEqual({ outcome: "requested" });
    expect(requests).toHaveLength(1);
  });

  test("releases a schedule first", async () => {
    const { client, requests } = await fakeApi(
      subscription({ schedule: "sub_sched_1" }),
      { id: "sub_sched_1", object: "subscription_schedule" },
      subscription(),
    );
    await client.change(upgrade);
    expect(requests[1]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1/release");
  });

  test.each([
    [
      "no plan of the product",
      [{ id: "si", price: price("office", "monthly", "depot") }],
      TITANIUM,
      "ambiguous_plan_item",
    ],
    [
      "two plans of the product",
      [
        { id: "a", price: price("silver") },
        { id: "b", price: price("bronze") },
      ],
      TITANIUM,
      "ambiguous_plan_item",
    ],
    ["a price that is not ours", [{ id: "a", price: price("silver") }], "price_foreign", "unknown_price"],
  ])("with %s is refused without a change request", async (_, items, priceId, code) => {
    const { client, requests } = await fakeApi(subscription({}, { items }));
    await expect(client.change({ ...upgrade, priceId })).rejects.toMatchObject({ problem: "invalid", code });
    expect(requests).toHaveLength(1);
  });
});
