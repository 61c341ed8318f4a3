import { describe, expect, test } from "vitest";
import {
  attemptOf,
  chargeObject,
  disputeObject,
  event,
  type InvoiceSpec,
  invoiceObject,
  invoicePaymentObject,
  type StripeObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import {
  CUSTOMER,
  fakeApi,
  price,
  RENEWS,
  refusal,
  STARTED,
  SUBSCRIPTION,
  subscription,
} from "@/tests/support/fake-stripe-api";
import { normalized } from "@/tests/support/normalized-stripe";
import type { SubscriptionReading } from "../processor-client";

const list = (...data: object[]): StripeObject => ({ object: "list", data, has_more: false, url: "/v1/things" });
const HOUR_SECONDS = 3_600;
const MONTH = 31 * 24 * HOUR_SECONDS;

const renewal = (over: Partial<InvoiceSpec> = {}): StripeObject =>
  invoiceObject(
    {
      id: "in_renewal",
      customer: CUSTOMER,
      subscription: SUBSCRIPTION,
      billingReason: "subscription_cycle",
      lines: [
        {
          id: "il_1",
          item: "si_silver",
          price: price("silver"),
          amount: 1_999,
          description: "Silver",
          periodStart: RENEWS,
          periodEnd: RENEWS + MONTH,
        },
      ],
      created: RENEWS,
      periodStart: STARTED,
      periodEnd: RENEWS,
      status: "paid",
      finalizedAt: RENEWS + HOUR_SECONDS,
      paidAt: RENEWS + HOUR_SECONDS + 5,
      attemptCount: 1,
      ...over,
    },
    "basil",
  );

/** The invoice as the client requests it: with a payment by these charges. */
const paidBy = (invoice: StripeObject, ...charges: string[]): StripeObject => ({
  ...invoice,
  payments: list(
    ...charges.map((id) => invoicePaymentObject({ charge: id, invoice: "in_renewal", amount: 1_999, created: RENEWS })),
  ),
});

/** The subscription from an earlier request. */
function reading(status = "active", customer: string | null = CUSTOMER): SubscriptionReading {
  const fact = { state: { status } } as SubscriptionReading["facts"][number]["fact"];
  const identity = { customer, subscription: SUBSCRIPTION, trustedUserId: null };
  return { identity, facts: [{ product: "mail", fact }], shared: null, timestampSource: "fetch" };
}

/** The facts and notes of the event itself, without its id. */
function recordsOf(type: string, object: StripeObject, at: number) {
  const result = normalized(event(type, object, undefined, { id: "evt_1", created: at }));
  if (result.outcome !== "facts") throw new Error(result.outcome);
  return result;
}

const charge = (over: object = {}, refunded = 0) => ({
  ...chargeObject(
    { id: "ch_1", customer: CUSTOMER, invoice: "in_renewal", amount: 1_999, created: RENEWS + HOUR_SECONDS, refunded },
    "basil",
  ),
  ...over,
});

describe("payments", () => {
  test("that succeeded are the facts of their events", async () => {
    const { client, requests } = await fakeApi(list(renewal()), list());
    const { payments, notes } = await client.paymentRecords(reading());
    const [expected] = recordsOf("invoice.paid", renewal(), RENEWS + HOUR_SECONDS + 5).facts;
    expect(payments).toEqual([
      { product: "mail", fact: { ...expected?.fact, id: "stripe:read:in_renewal:paid:payment" } },
    ]);
    expect(notes).toEqual([]);
    expect(requests.map(({ request, fields }) => [request, fields])).toEqual([
      [
        "GET /v1/invoices",
        { subscription: SUBSCRIPTION, customer: CUSTOMER, limit: "20", "expand[0]": "data.payments" },
      ],
      ["GET /v1/charges", { customer: CUSTOMER, limit: "100" }],
    ]);
  });

  const open = (over: Partial<InvoiceSpec> = {}) => renewal({ status: "open", paidAt: null, ...over });

  test("that failed count while the subscription owes them", async () => {
    const failed = async (status: string, invoice = open()) => {
      const { client } = await fakeApi(list(invoice), list());
      return (await client.paymentRecords(reading(status))).payments;
    };
    const [expected] = recordsOf("invoice.payment_failed", open(), RENEWS + HOUR_SECONDS).facts;
    const fact = { ...expected?.fact, id: "stripe:read:in_renewal:failed:payment" };
    for (const status of ["past_due", "unpaid", "incomplete"]) {
      expect(await failed(status), status).toEqual([{ product: "mail", fact }]);
    }
    // A bank debit under way has the same invoice.
    expect(await failed("active")).toEqual([]);
    expect(await failed("past_due", open({ attemptCount: 0 }))).toEqual([]);
    for (const status of ["draft", "void", "uncollectible"] as const) {
      expect(await failed("past_due", open({ status })), status).toEqual([]);
    }
    // A sent invoice is owed from its due date on.
    const issued = { collectionMethod: "send_invoice", finalizedAt: STARTED + HOUR_SECONDS } as const;
    const sent = open({ ...issued, dueDate: STARTED + 2 * HOUR_SECONDS });
    expect(await failed("past_due", sent)).toMatchObject([
      { fact: { at: (STARTED + 2 * HOUR_SECONDS) * 1000, purpose: "period" } },
    ]);
    const later = open({ ...issued, dueDate: RENEWS });
    expect(await failed("past_due", later)).toMatchObject([
      { fact: { at: (STARTED + HOUR_SECONDS) * 1000, purpose: "not_due" } },
    ]);
  });

  const attempt = (number: number, status: "succeeded" | "pending" | "failed", created: number) =>
    chargeObject(
      { id: attemptOf("ch_1", number), customer: CUSTOMER, invoice: "in_renewal", amount: 1_999, created, status },
      "basil",
    );
  const failedAt = async (...charges: StripeObject[]) => {
    const other = { ...attempt(1, "failed", STARTED), id: "ch_other", payment_intent: "pi_other" };
    const { client } = await fakeApi(list(paidBy(open(), "ch_1")), list(...charges, other));
    return (await client.paymentRecords(reading("past_due"))).payments.map(({ fact }) => fact.at / 1000);
  };

  test("that failed are dated by the first attempt", async () => {
    expect(await failedAt(attempt(1, "failed", RENEWS + 2 * HOUR_SECONDS))).toEqual([RENEWS + 2 * HOUR_SECONDS]);
    const again = [attempt(2, "failed", RENEWS + 9 * HOUR_SECONDS), attempt(1, "failed", RENEWS + 2 * HOUR_SECONDS)];
    expect(await failedAt(...again)).toEqual([RENEWS + 2 * HOUR_SECONDS]);
  });

  test("that are under way do not count as failed, although the subscription owes another invoice", async () => {
    expect(await failedAt(attempt(1, "pending", RENEWS + 2 * HOUR_SECONDS))).toEqual([]);
    const again = [attempt(2, "pending", RENEWS + 9 * HOUR_SECONDS), attempt(1, "failed", RENEWS + 2 * HOUR_SECONDS)];
    expect(await failedAt(...again)).toEqual([]);
  });

  test("of manual invoices are left out, and those without a listed price are for every known product", async () => {
    const line = {
      id: "il_1",
      item: "si_silver",
      amount: 500,
      description: "x",
      periodStart: RENEWS,
      periodEnd: RENEWS + MONTH,
    };
    const unlisted = { ...price("silver"), id: "price_other" };
    const { client } = await fakeApi(
      list(
        renewal({ lines: [{ ...line, price: unlisted }] }),
        renewal({ id: "in_manual", billingReason: "manual", lines: [{ ...line, price: unlisted }] }),
      ),
      list(),
    );
    expect((await client.paymentRecords(reading())).payments).toMatchObject([
      { product: null, fact: { id: "stripe:read:in_renewal:paid:payment", plan: null } },
    ]);
  });
});

describe("refunds and disputes", () => {
  const notesOf = async (...answers: StripeObject[]) => {
    const charges = (answers[0]?.data ?? []) as { id: string }[];
    const own = charges.map(({ id }) => id).filter((id) => id !== "ch_other");
    const { client, requests } = await fakeApi(list(paidBy(renewal(), ...own)), ...answers);
    const { notes } = await client.paymentRecords(reading());
    return { notes, asked: requests.slice(2).map(({ request, fields }) => [request, fields]) };
  };

  test("of a charge that was refunded give the note of its event", async () => {
    const refunded = charge({}, 500);
    const refund = { id: "re_1", object: "refund", created: RENEWS + 5 * HOUR_SECONDS };
    const { notes, asked } = await notesOf(list(refunded), list(refund));
    expect(notes).toEqual(recordsOf("charge.refunded", refunded, RENEWS + 5 * HOUR_SECONDS).notes);
    expect(notes).toMatchObject([{ id: "stripe:ch_1:refund:500", amount: 500, customer: CUSTOMER }]);
    expect(asked).toEqual([["GET /v1/refunds", { charge: "ch_1", limit: "1" }]]);
  });

  test("of a disputed charge name its customer, which the event lacks", async () => {
    const dispute = (status: "needs_response" | "lost") =>
      disputeObject({ id: "du_1", charge: "ch_1", amount: 1_999, status, created: RENEWS + 6 * HOUR_SECONDS }, "basil");
    const opened = await notesOf(list(charge({ disputed: true })), list(dispute("needs_response")));
    const expected = recordsOf("charge.dispute.created", dispute("needs_response"), RENEWS + 6 * HOUR_SECONDS).notes;
    expect(opened.notes).toEqual(expected?.map((note) => ({ ...note, customer: CUSTOMER })));
    expect(opened.asked).toEqual([["GET /v1/disputes", { charge: "ch_1" }]]);

    const lost = await notesOf(list(charge({ disputed: true })), list(dispute("lost")));
    expect(lost.notes).toMatchObject([
      { id: "stripe:du_1:dispute_opened", detail: null },
      { id: "stripe:du_1:dispute_closed", detail: "lost" },
    ]);
  });

  test("of another subscription's charge are left out", async () => {
    const other = charge({ id: "ch_other", payment_intent: "pi_other", disputed: true }, 500);
    const { notes, asked } = await notesOf(list(other, charge()));
    expect([notes, asked]).toEqual([[], []]);
  });

  test("cost five requests each at most", async () => {
    const many = Array.from({ length: 9 }, (_, index) =>
      charge({ id: `ch_${index}`, payment_intent: `pi_${index}`, disputed: true }, 100),
    );
    const { asked } = await notesOf(list(...many), ...Array.from({ length: 20 }, () => list()));
    expect(asked).toHaveLength(10);
  });

  test("need a customer", async () => {
    const { client, requests } = await fakeApi(list(renewal()));
    expect((await client.paymentRecords(reading("active", null))).payments).toHaveLength(1);
    expect(requests.map(({ fields }) => fields)).toEqual([
      { subscription: SUBSCRIPTION, limit: "20", "expand[0]": "data.payments" },
    ]);
  });
});

test("a fetched subscription has the terms of its discounts", async () => {
  const coupon = { id: "spring20", name: "Spring", percent_off: 20, amount_off: null, currency: null };
  const discount = { id: "di_1", end: RENEWS, promotion_code: { code: "SPRING" }, source: { coupon, type: "coupon" } };
  const { client, requests } = await fakeApi(subscription({ discounts: [discount] }));
  const { facts } = await client.subscription(SUBSCRIPTION);
  expect(facts[0]?.fact.discounts).toEqual([
    {
      key: "di_1",
      terms: { id: "spring20", name: "Spring", code: "SPRING", off: { percent: 20 } },
      endsAt: RENEWS * 1000,
    },
  ]);
  expect(requests[0]?.fields).toEqual({
    "expand[0]": "discounts.source.coupon",
    "expand[1]": "discounts.promotion_code",
  });
});

test("a fetched subscription has its discounts' ids only if the key cannot read coupons", async () => {
  const refused = refusal(403, "invalid_request_error", "more_permissions_required");
  const { client, requests } = await fakeApi(refused, subscription({ discounts: ["di_1"] }));
  const { facts } = await client.subscription(SUBSCRIPTION);
  expect(facts[0]?.fact.discounts).toEqual([{ key: "di_1", terms: null }]);
  expect(requests.map(({ fields }) => Object.keys(fields).length)).toEqual([2, 0]);
});
