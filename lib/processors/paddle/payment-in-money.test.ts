/** Paddle transactions that are paid in full and in money, and others. */
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import {
  event,
  type LineSpec,
  planPrice,
  type TransactionSpec,
  transactionEntity,
} from "@/lib/sandbox/event-builders/paddle/events";
import { type Changes, normalized, withChanges } from "@/tests/support/normalized-paddle";

const START = Date.UTC(2026, 2, 1, 10);
const END = Date.UTC(2026, 3, 1, 10);
const price = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
const other = { ...price, id: "pri_seats" };

const line = (of: typeof price, changes: Partial<LineSpec> = {}): LineSpec => ({
  price: of,
  amount: of.unitAmount,
  ...changes,
});
const BASE: TransactionSpec = {
  id: "txn_1",
  customer: "ctm_1",
  subscription: "sub_1",
  origin: "subscription_recurring",
  status: "completed",
  lines: [line(price)],
  period: { start: START, end: END },
  at: START + HOUR_MS,
};

function resultOf(spec: Partial<TransactionSpec>, changes: Changes = {}, type = "transaction.completed") {
  const data = withChanges(transactionEntity({ ...BASE, ...spec }), changes);
  return normalized(event(type, data, { id: "evt_1", at: START + 2 * HOUR_MS }));
}

function fact(spec: Partial<TransactionSpec>, changes: Changes = {}, type?: string) {
  const result = resultOf(spec, changes, type);
  if (result.outcome !== "facts" || result.facts[0]?.fact.kind !== "payment") throw new Error(JSON.stringify(result));
  return result.facts[0].fact;
}

describe("a payment", () => {
  test("is in money if it is captured in full, without credit", () => {
    expect(fact({}).paidInFull).toBe(true);
    expect(fact({ lines: [line(price), line(other, { amount: 500 })] }).paidInFull).toBe(true);
    // A discount leaves an ordinary price.
    expect(fact({ discount: 1 }).paidInFull).toBe(true);
    // Paddle writes a whole period as a proration of rate 1, too.
    const whole = { rate: "1", start: START, end: END };
    expect(fact({ lines: [line(price, { proration: whole }), line(other, { proration: whole })] }).paidInFull).toBe(
      true,
    );
    // Taxes come on top.
    expect(fact({}, { "details.totals.grand_total": "2399", "payments.0.amount": "2399" }).paidInFull).toBe(true);
  });

  test.each([
    ["a credit", { credit: 1 }, {}],
    ["the whole amount from credit", { credit: 1999 }, {}],
    ["a credit to the balance", { creditToBalance: 1 }, {}],
    ["a discount of the whole amount", { discount: 1999 }, {}],
    ["nothing to pay", { lines: [line(price, { amount: 0 })] }, {}],
    ["an open balance", {}, { "details.totals.balance": "1" }],
    ["a payment that is not captured", {}, { "payments.0.status": "authorized" }],
    ["a smaller captured amount", {}, { "payments.0.amount": "1998" }],
    ["no payment", {}, { payments: [] }],
    ["no list of payments", {}, { payments: undefined }],
    ["no totals", {}, { "details.totals": null }],
    ["no field for the credit", {}, { "details.totals.credit": undefined }],
    ["a partial proration on the plan's item alone", {}, { "items.0.proration": { rate: "0.5" } }],
    ["a negative line", { lines: [line(price), line(other, { amount: -1 })] }, {}],
    [
      "a prorated line",
      { lines: [line(price), line(other, { proration: { rate: "0.5", start: START, end: END } })] },
      {},
    ],
    [
      "a whole rate for a part of the period",
      { lines: [line(price), line(other, { proration: { rate: "1", start: START + DAY_MS, end: END } })] },
      {},
    ],
  ])("is not in money with %s", (_name, spec, changes) => {
    expect(fact(spec, changes).paidInFull).toBe(false);
  });

  test("is in money if the merchant declares a sent invoice paid", () => {
    expect(fact({ collectionMode: "manual" }, { payments: [] }).paidInFull).toBe(true);
    expect(fact({ collectionMode: "manual", status: "billed" }, { payments: [] }).paidInFull).toBe(false);
  });

  test("is not in money if it failed", () => {
    expect(fact({ status: "past_due" }, {}, "transaction.payment_failed").paidInFull).toBe(false);
  });
});

test("a paid charge stays paid after the event of an earlier attempt", () => {
  for (const type of ["transaction.payment_failed", "transaction.past_due"]) {
    for (const status of ["paid", "completed"] as const) {
      expect(resultOf({ status }, {}, type)).toEqual({ outcome: "ignored", reason: "already_paid" });
    }
  }
});
