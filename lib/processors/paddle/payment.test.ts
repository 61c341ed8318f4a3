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
const titanium = planPrice({ product: "mail", plan: "titanium", interval: "monthly" });
const yearly = planPrice({ product: "mail", plan: "silver", interval: "yearly" });
const solo = planPrice({ product: "depot", plan: "solo", interval: "monthly" });
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

test.each([
  ["web", "period"],
  ["api", "period"],
  ["subscription_recurring", "period"],
  ["subscription_update", "change"],
  ["subscription_charge", "other"],
  ["subscription_payment_method_change", "other"],
] as const)("a transaction of origin %s pays for: %s", (origin, purpose) => {
  expect(fact({ origin }).purpose).toBe(purpose);
  expect(fact({ origin, status: "past_due" }, {}, "transaction.past_due")).toMatchObject({
    purpose,
    outcome: "failed",
  });
});

test("a transaction of an unknown origin pays for no plan", () => {
  for (const origin of ["toString", "subscription_gift", null]) {
    expect(fact({}, { origin })).toMatchObject({ purpose: "other", periodStart: null, plan: null, paidInFull: false });
  }
});

describe("a change", () => {
  const change = (start: number, end: number, of = price, proration?: LineSpec["proration"]) =>
    fact({
      origin: "subscription_update",
      period: { start, end },
      lines: [line(of, proration ? { proration } : {})],
    }).purpose;
  const rated = (rate: string) => ({ rate, start: START, end: END });

  test("for a whole interval from its start opens a new period", () => {
    expect(change(START, END)).toBe("change");
    expect(change(START, Date.UTC(2027, 2, 1, 10), yearly)).toBe("change");
    expect(change(START, END + 1000)).toBe("change");
    // Paddle sometimes writes a whole period as a proration.
    expect(change(START, END, price, rated("1"))).toBe("change");
    expect(change(START, END, price, rated("0.99997"))).toBe("change");
  });

  test("for an interval from the last day of a month may end on a shorter month's last day", () => {
    expect(change(Date.UTC(2026, 0, 31, 12), Date.UTC(2026, 1, 28, 12))).toBe("change");
    expect(change(Date.UTC(2024, 1, 29, 12), Date.UTC(2025, 1, 28, 12), yearly)).toBe("change");
    expect(change(Date.UTC(2026, 0, 31, 12), Date.UTC(2026, 2, 1, 12))).toBe("change");
  });

  test("for a shorter or longer time is an upgrade inside the period, and opens none", () => {
    expect(change(START + 15 * DAY_MS, END)).toBe("proration");
    expect(change(START + 2 * DAY_MS, END)).toBe("proration");
    expect(change(START, END, yearly)).toBe("proration");
    expect(change(START, Date.UTC(2027, 2, 1, 10))).toBe("proration");
    expect(change(START, START)).toBe("proration");
  });

  test("on the first day is a proration only if its line is prorated", () => {
    expect(change(START + HOUR_MS, END, titanium, rated("0.99865"))).toBe("proration");
    expect(change(START + HOUR_MS, END, titanium)).toBe("change");
  });

  test("without a charge confirms no plan", () => {
    expect(fact({ origin: "subscription_update", lines: [line(titanium, { amount: 0 })] })).toMatchObject({
      purpose: "other",
      plan: null,
    });
  });

  test("is for the plan with the highest charge, not for the credited plan", () => {
    const lines = [
      line(price, { amount: -995, proration: rated("0.5") }),
      line(titanium, { amount: 1990, proration: rated("0.5") }),
    ];
    expect(
      fact({ origin: "subscription_update", period: { start: START + 15 * DAY_MS, end: END }, lines }),
    ).toMatchObject({
      purpose: "proration",
      plan: "titanium",
      paidInFull: false,
    });
  });
});

describe("a period", () => {
  const proration = { rate: "0.5", start: START - 15 * DAY_MS, end: START };

  test("is paid by its whole line, also beside the deferred difference of an upgrade", () => {
    expect(fact({ lines: [line(titanium, { amount: 1000, proration }), line(titanium)] })).toMatchObject({
      purpose: "period",
      plan: "titanium",
      paidInFull: false,
    });
  });

  test("is not paid by a prorated line", () => {
    expect(fact({ lines: [line(titanium, { amount: 1000, proration })] })).toMatchObject({ purpose: "proration" });
  });

  test("can be absent: then the payment opens and confirms none", () => {
    expect(fact({ period: null })).toMatchObject({
      purpose: "period",
      periodStart: null,
      periodEnd: null,
      plan: "silver",
    });
  });

  test("without duration is quarantined; of two plans of one product the higher is paid", () => {
    expect(resultOf({ period: { start: START, end: START } })).toMatchObject({ reason: "invalid_period" });
    for (const lines of [
      [line(price), line(titanium)],
      [line(titanium), line(price)],
    ]) {
      expect(fact({ lines })).toMatchObject({ purpose: "period", plan: "titanium", paidInFull: true });
    }
    expect(fact({ lines: [line(price), line(price)] })).toMatchObject({ purpose: "period", paidInFull: true });
  });

  test("of two products gives one fact per product", () => {
    expect(resultOf({ lines: [line(price), line(solo)] })).toMatchObject({
      facts: [
        { product: "mail", fact: { plan: "silver", paidInFull: true } },
        { product: "depot", fact: { plan: "solo", paidInFull: true } },
      ],
    });
  });

  test("is read from the items if no totals were calculated", () => {
    expect(fact({}, { "details.line_items": [] })).toMatchObject({
      purpose: "period",
      plan: "silver",
      paidInFull: false,
    });
    expect(fact({}, { details: null })).toMatchObject({ plan: "silver", paidInFull: false });
    expect(fact({}, { details: null, "items.0.price": null })).toMatchObject({ plan: "silver" });
  });

  test("without a listed price names the charged items", () => {
    const period = { periodStart: START, periodEnd: END };
    const charge = { id: null, product: "pro_mail_silver", price: "pri_seats", purpose: "period", ...period };
    expect(resultOf({ lines: [line(other)] })).toMatchObject({
      outcome: "unpriced",
      fact: { purpose: "other", plan: null, paidInFull: true, unlisted: [charge] },
    });
    const rated = line(other, { proration });
    expect(resultOf({ lines: [rated] })).toMatchObject({ fact: { unlisted: [{ purpose: "proration" }] } });
    expect(resultOf({ lines: [line(other)], origin: "subscription_update" })).toMatchObject({
      fact: { unlisted: [{ purpose: "proration" }] },
    });
    for (const spec of [{ origin: "subscription_charge" as const }, { lines: [line(other, { amount: 0 })] }]) {
      expect(resultOf({ lines: [line(other)], ...spec })).toEqual({ outcome: "ignored", reason: "no_plan_line" });
    }
    expect(fact({ lines: [line(price), line(other)] })).toMatchObject({ plan: "silver", unlisted: [charge] });
  });

  test("has an unlisted line that is in money only if the line was paid in money", () => {
    const unlisted = (amount: number, spec: Partial<TransactionSpec> = {}, type?: string) =>
      fact({ lines: [line(price), line(other, { amount })], ...spec }, {}, type).unlisted;
    expect(unlisted(500)).toMatchObject([{ purpose: "period", paidInFull: true }]);
    expect(unlisted(0)).toMatchObject([{ purpose: "other", paidInFull: false }]);
    expect(unlisted(500, { discount: 100_000 })).toMatchObject([{ paidInFull: false }]);
    const failed = { status: "past_due" } as const;
    expect(unlisted(500, failed, "transaction.payment_failed")).toMatchObject([
      { purpose: "period", paidInFull: false },
    ]);
    expect(unlisted(0, failed, "transaction.payment_failed")).toMatchObject([{ purpose: "other", paidInFull: false }]);
  });

  test("is left out of an unlisted line if the transaction's period is invalid or absent", () => {
    for (const ends_at of ["2026-03-01T10:00:00Z", "2026-02-01T10:00:00Z"]) {
      expect(resultOf({ lines: [line(other)] }, { "billing_period.ends_at": ends_at })).toMatchObject({
        fact: { unlisted: [{ periodStart: null, periodEnd: null }] },
      });
    }
    expect(resultOf({ lines: [line(other)] }, { billing_period: null })).toMatchObject({
      fact: { unlisted: [{ periodStart: null, periodEnd: null }] },
    });
  });

  test("of two lines of a plan is in money only if each line was charged", () => {
    expect(fact({ lines: [line(price), line(price, { amount: 0 })] })).toMatchObject({
      plan: "silver",
      paidInFull: false,
    });
  });
});

describe("a failed attempt on a sent invoice", () => {
  const attempt = (type: string, lines = BASE.lines) =>
    resultOf({ status: "billed", collectionMode: "manual", lines }, {}, type);

  test("is no debt until Paddle reports it as overdue", () => {
    expect(attempt("transaction.payment_failed")).toMatchObject({
      facts: [{ fact: { outcome: "failed", purpose: "not_due" } }],
    });
    expect(attempt("transaction.past_due")).toMatchObject({
      facts: [{ fact: { outcome: "failed", purpose: "period" } }],
    });
    expect(attempt("transaction.payment_failed", [line(price), line(other)])).toMatchObject({
      facts: [{ fact: { purpose: "not_due", unlisted: [{ purpose: "not_due" }] } }],
    });
    expect(attempt("transaction.payment_failed", [line(other)])).toEqual({ outcome: "ignored", reason: "not_due" });
  });
});

test.each([
  [{ "billing_period.starts_at": "soon" }, "missing_field:data.billing_period.starts_at"],
  [{ "details.totals.credit": "1.5" }, "missing_field:data.details.totals.credit"],
  [{ "details.line_items.0.totals.total": "1e3" }, "missing_field:data.details.line_items.0.totals.total"],
  [{ "payments.0.amount": 1999 }, "missing_field:data.payments.0.amount"],
])("a transaction with an unreadable field is quarantined, with the field's path: %j", (changes, reason) => {
  expect(resultOf({}, changes)).toMatchObject({ outcome: "quarantined", reason, identity: { subscription: "sub_1" } });
});
