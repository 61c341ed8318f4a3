import { describe, expect, test } from "vitest";
import { fakeApi, price, RENEWS, refusal, STARTED, SUBSCRIPTION, subscription } from "@/tests/support/fake-stripe-api";
import type { PlanChange } from "../processor-client";

const downgrade: PlanChange = { subscription: SUBSCRIPTION, priceId: "price_mail_bronze_monthly", timing: "renewal" };
const PATH = `/v1/subscriptions/${SUBSCRIPTION}`;

describe("a change at the renewal", () => {
  const phase = { start_date: STARTED, end_date: RENEWS, trial_end: null };
  const schedule = (over: object = {}) => ({
    id: "sub_sched_1",
    object: "subscription_schedule",
    status: "active",
    current_phase: { start_date: STARTED, end_date: RENEWS },
    phases: [{ ...phase, items: [{ price: "price_mail_silver_monthly", quantity: 1 }] }],
    ...over,
  });

  test("is a schedule of two phases: the paid plan continues, the new plan begins with the renewal", async () => {
    const { client, requests } = await fakeApi(subscription(), schedule(), schedule());
    expect(await client.change(downgrade)).toEqual({ outcome: "requested" });
    expect(requests[1]).toMatchObject({
      request: "POST /v1/subscription_schedules",
      fields: { from_subscription: SUBSCRIPTION },
    });
    expect(requests[2]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1");
    expect(requests[2]?.fields).toEqual({
      end_behavior: "release",
      proration_behavior: "none",
      "phases[0][items][0][price]": "price_mail_silver_monthly",
      "phases[0][items][0][quantity]": "1",
      "phases[0][start_date]": String(STARTED),
      "phases[0][end_date]": String(RENEWS),
      "phases[0][proration_behavior]": "none",
      "phases[1][items][0][price]": "price_mail_bronze_monthly",
      "phases[1][items][0][quantity]": "1",
      "phases[1][duration][interval]": "month",
      "phases[1][duration][interval_count]": "1",
      "phases[1][proration_behavior]": "none",
    });
  });

  test("Case P4: keeps discounts, tax rates, metadata and the other terms in both phases", async () => {
    const terms = {
      discounts: [
        { discount: "di_1", coupon: "co_1", promotion_code: null },
        { discount: null, coupon: "co_2", promotion_code: { id: "promo_1" } },
        { discount: null, coupon: "co_3", promotion_code: null },
      ],
      default_tax_rates: [{ id: "txr_1" }],
      metadata: { user_id: "user_1" },
      automatic_tax: { enabled: true, liability: { type: "self" } },
      collection_method: "send_invoice",
      default_payment_method: "pm_1",
      description: "Silver",
      invoice_settings: { account_tax_ids: null, days_until_due: 14, description: null, footer: "Thanks" },
      billing_thresholds: { amount_gte: 5_000, reset_billing_cycle_anchor: null },
      application_fee_percent: null,
      on_behalf_of: null,
      transfer_data: null,
    };
    const known = schedule({ phases: [{ ...phase, ...terms, items: [] }] });
    const held = {
      data: [{ id: "si_silver", price: price("silver"), tax_rates: [{ id: "txr_2" }], discounts: ["di_2"] }],
    };
    const current = subscription({ items: { ...held, has_more: false } });
    const { client, requests } = await fakeApi(current, known, known);
    await client.change(downgrade);
    const kept = (index: number) => ({
      [`phases[${index}][discounts][0][discount]`]: "di_1",
      [`phases[${index}][discounts][1][promotion_code]`]: "promo_1",
      [`phases[${index}][discounts][2][coupon]`]: "co_3",
      [`phases[${index}][default_tax_rates][0]`]: "txr_1",
      [`phases[${index}][metadata][user_id]`]: "user_1",
      [`phases[${index}][automatic_tax][enabled]`]: "true",
      [`phases[${index}][automatic_tax][liability][type]`]: "self",
      [`phases[${index}][collection_method]`]: "send_invoice",
      [`phases[${index}][default_payment_method]`]: "pm_1",
      [`phases[${index}][description]`]: "Silver",
      [`phases[${index}][invoice_settings][days_until_due]`]: "14",
      [`phases[${index}][invoice_settings][footer]`]: "Thanks",
      [`phases[${index}][billing_thresholds][amount_gte]`]: "5000",
      [`phases[${index}][items][0][tax_rates][0]`]: "txr_2",
      [`phases[${index}][items][0][discounts][0][discount]`]: "di_2",
    });
    expect(requests[2]?.fields).toMatchObject({ ...kept(0), ...kept(1) });
    expect(Object.keys(requests[2]?.fields ?? {}).filter((name) => /undefined|null|\[\]$/.test(name))).toEqual([]);
  });

  test("to a yearly plan keeps the trial's end", async () => {
    const trialing = schedule({ phases: [{ ...phase, trial_end: RENEWS, items: [] }] });
    const { client, requests } = await fakeApi(subscription(), trialing, trialing);
    await client.change({ ...downgrade, priceId: "price_mail_bronze_yearly" });
    expect(requests[2]?.fields).toMatchObject({
      "phases[0][trial_end]": String(RENEWS),
      "phases[1][duration][interval]": "year",
    });
  });

  test("updates another schedule, and leaves a schedule with the same change", async () => {
    const other = await fakeApi(subscription({ schedule: "sub_sched_1" }), schedule(), schedule());
    await other.client.change(downgrade);
    expect(other.requests.map(({ request }) => request)).toEqual([
      `GET ${PATH}`,
      "GET /v1/subscription_schedules/sub_sched_1",
      "POST /v1/subscription_schedules/sub_sched_1",
    ]);
    const phases = [
      { ...phase, items: [{ price: "price_mail_silver_monthly" }] },
      { ...phase, items: [{ price: "price_mail_bronze_monthly" }] },
    ];
    const same = await fakeApi(subscription({ schedule: "sub_sched_1" }), schedule({ phases }));
    await same.client.change(downgrade);
    expect(same.requests).toHaveLength(2);
  });

  test("uses a concurrent request's schedule, and accepts a concurrent release", async () => {
    const refused = refusal(400, "invalid_request_error");
    const held = subscription({ schedule: "sub_sched_1" });
    const twice = await fakeApi(subscription(), refused, held, schedule(), schedule());
    expect(await twice.client.change(downgrade)).toEqual({ outcome: "requested" });
    expect(twice.requests.at(-1)?.request).toBe("POST /v1/subscription_schedules/sub_sched_1");
    const released = await fakeApi(held, refused, subscription());
    await released.client.cancelScheduledChange(SUBSCRIPTION);
    for (const answers of [
      [subscription(), refused, subscription()],
      [held, refused, held],
    ]) {
      const { client } = await fakeApi(...answers);
      const call = answers[0] === held ? client.cancelScheduledChange(SUBSCRIPTION) : client.change(downgrade);
      await expect(call).rejects.toMatchObject({ problem: "invalid" });
    }
  });

  test("to the current plan releases the schedule", async () => {
    const { client, requests } = await fakeApi(subscription({ schedule: "sub_sched_1" }), schedule());
    await client.change({ ...downgrade, priceId: "price_mail_silver_monthly" });
    expect(requests[1]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1/release");
  });

  test("is undone by the schedule's release; without a schedule nothing is sent", async () => {
    const scheduled = await fakeApi(subscription({ schedule: { id: "sub_sched_1" } }), schedule());
    await scheduled.client.cancelScheduledChange(SUBSCRIPTION);
    expect(scheduled.requests[1]?.request).toBe("POST /v1/subscription_schedules/sub_sched_1/release");
    const none = await fakeApi(subscription());
    await none.client.cancelScheduledChange(SUBSCRIPTION);
    expect(none.requests).toHaveLength(1);
  });
});
