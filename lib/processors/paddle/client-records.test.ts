import { describe, expect, test } from "vitest";
import {
  type AdjustmentSpec,
  adjustmentEntity,
  event,
  type PaddleObject,
  planPrice,
  type TransactionSpec,
  transactionEntity,
} from "@/lib/sandbox/event-builders/paddle/events";
import { CUSTOMER, fakeApi, item, refusal, SUBSCRIPTION, subscription } from "@/tests/support/fake-paddle-api";
import { normalized } from "@/tests/support/normalized-paddle";
import type { SubscriptionReading } from "../processor-client";

const START = Date.parse("2026-11-01T10:00:00Z");
const END = Date.parse("2026-12-01T10:00:00Z");
const HOUR_MS = 3_600_000;
const page = (...data: object[]) => ({
  data,
  meta: { pagination: { per_page: 50, next: "https://api.paddle.com/next", has_more: false, estimated_total: 1 } },
});

const renewal = (over: Partial<TransactionSpec> = {}) =>
  transactionEntity({
    id: "txn_renewal",
    customer: CUSTOMER,
    subscription: SUBSCRIPTION,
    origin: "subscription_recurring",
    status: "completed",
    lines: [{ price: planPrice({ product: "mail", plan: "silver", interval: "monthly" }), amount: 1_999 }],
    period: { start: START, end: END },
    at: START + HOUR_MS,
    ...over,
  });

const adjustment = (over: Partial<AdjustmentSpec> = {}) =>
  adjustmentEntity({
    id: "adj_1",
    action: "refund",
    status: "approved",
    transaction: "txn_renewal",
    subscription: SUBSCRIPTION,
    customer: CUSTOMER,
    amount: 500,
    at: START + 2 * HOUR_MS,
    ...over,
  });

const reading: SubscriptionReading = {
  identity: { customer: CUSTOMER, subscription: SUBSCRIPTION, trustedUserId: null },
  facts: [],
  shared: null,
  timestampSource: "processor",
};

/** The facts and notes of the event itself. */
function recordsOf(type: string, data: PaddleObject, at: number) {
  const result = normalized(event(type, data, { id: "evt_1", at }));
  if (result.outcome !== "facts") throw new Error(result.outcome);
  return result;
}

describe("payments", () => {
  test.each([
    ["completed", "transaction.completed", "paid"],
    ["past_due", "transaction.past_due", "failed"],
  ] as const)("of a transaction that is %s are the facts of its event", async (status, type, outcome) => {
    const { client, requests } = await fakeApi(page(renewal({ status })), page());
    const { payments, notes } = await client.paymentRecords(reading);
    const [expected] = recordsOf(type, renewal({ status }), START + HOUR_MS).facts;
    expect(payments).toEqual([
      {
        product: "mail",
        fact: { ...expected?.fact, at: payments[0]?.fact.at, id: `paddle:read:txn_renewal:${outcome}:payment` },
      },
    ]);
    expect(notes).toEqual([]);
    expect(requests.map(({ path, query }) => [path, query])).toEqual([
      [
        "/transactions",
        { subscription_id: SUBSCRIPTION, status: "completed,paid,past_due", order_by: "id[DESC]", per_page: "10" },
      ],
      ["/adjustments", { subscription_id: SUBSCRIPTION, order_by: "id[DESC]", per_page: "50" }],
    ]);
  });

  test("count from the capture of the money", async () => {
    const { client } = await fakeApi(page(renewal()), page());
    const { payments } = await client.paymentRecords(reading);
    expect(payments[0]?.fact).toMatchObject({ outcome: "paid", paidInFull: true });
    const captured = renewal().payments[0]?.captured_at;
    expect(payments[0]?.fact.at).toBe(Date.parse(String(captured)));
  });
});

describe("refunds and chargebacks", () => {
  test.each(["refund", "chargeback", "chargeback_reverse"] as const)(
    "of the kind %s give the note of their event",
    async (action) => {
      const { client } = await fakeApi(page(), page(adjustment({ action })));
      const { notes } = await client.paymentRecords(reading);
      const [note, ...more] = recordsOf("adjustment.updated", adjustment({ action }), START + 2 * HOUR_MS).notes ?? [];
      expect(notes).toEqual([{ ...note, transaction: "txn_renewal" }]);
      expect(more).toEqual([]);
    },
  );

  test("without approval, and credits, give no notes", async () => {
    const others = [adjustment({ status: "pending_approval" }), adjustment({ action: "credit" })];
    const { client } = await fakeApi(page(), page(...others));
    expect(await client.paymentRecords(reading)).toEqual({ payments: [], notes: [] });
  });
});

describe("a discount", () => {
  const SILVER = "pri_mail_silver_monthly";
  const applied = { id: "dsc_1", starts_at: null, ends_at: "2027-03-03T00:00:00Z" };
  const discount = {
    id: "dsc_1",
    status: "active",
    description: "Spring",
    enabled_for_checkout: true,
    code: "SPRING",
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
    times_used: 1,
    created_at: "2026-11-01T10:00:00Z",
    updated_at: "2026-11-01T10:00:00Z",
  };
  const terms = { id: "dsc_1", name: "Spring", code: "SPRING", off: { percent: 20 } };
  const read = async (...answers: Parameters<typeof fakeApi>) => {
    const { client, requests } = await fakeApi(...answers);
    const { facts } = await client.subscription(SUBSCRIPTION);
    return { discounts: facts[0]?.fact.discounts, id: facts[0]?.fact.id, requests };
  };

  test.each<[string, object, object | null]>([
    ["of a percentage", {}, terms],
    [
      "of an amount",
      { type: "flat", amount: "500", currency_code: "USD" },
      { ...terms, off: { amount: 500, currency: "USD" } },
    ],
    [
      "of an amount off each unit",
      { type: "flat_per_seat", amount: "500", currency_code: "USD" },
      { ...terms, off: { amount: 1_500, currency: "USD" } },
    ],
    ["of an amount without a currency", { type: "flat", amount: "500" }, null],
    ["that the business granted", { code: null }, { ...terms, code: null }],
  ])("%s is fetched beside the subscription", async (_, over, expected) => {
    const { discounts, requests } = await read(
      { data: subscription([item(SILVER, { quantity: 3 })], { discount: applied }) },
      { data: { ...discount, ...over } },
    );
    expect(discounts).toEqual([{ key: "dsc_1", terms: expected, endsAt: Date.UTC(2027, 2, 3) }]);
    expect(requests.map(({ path }) => path)).toEqual([`/subscriptions/${SUBSCRIPTION}`, "/discounts/dsc_1"]);
  });

  test("that the key cannot read has its id only; a later fetch with its terms is another fact", async () => {
    const data = subscription([item(SILVER)], { discount: applied });
    const bare = await read({ data }, refusal(403, "forbidden"));
    expect(bare.discounts).toEqual([{ key: "dsc_1", terms: null, endsAt: Date.UTC(2027, 2, 3) }]);
    const whole = await read({ data }, { data: discount });
    expect(whole.id).not.toBe(bare.id);
  });

  test("is not requested for a subscription without a discount", async () => {
    const { discounts, requests } = await read({ data: subscription([item(SILVER)]) });
    expect(discounts).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});
