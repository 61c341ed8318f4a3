/** The purpose of an invoice: a period, a change, a proration or another charge. */
import { describe, expect, test } from "vitest";
import { type InvoiceSpec, planPrice, SHAPES } from "@/lib/sandbox/event-builders/stripe/events";
import { fact, line, NOTHING, PERIOD, paid, proration, START, solo } from "@/tests/support/stripe-invoices";

describe.each(SHAPES)("the purpose, in shape %s", (shape) => {
  const of = (spec: Partial<InvoiceSpec>) => fact(spec, {}, shape);

  test.each(["subscription_create", "subscription_cycle", "quote_accept"] as const)(
    "%s pays for the line's period",
    (billingReason) => {
      expect(of({ billingReason })).toMatchObject({ purpose: "period", plan: "silver", paidInFull: true, ...PERIOD });
    },
  );

  test("an update with a whole period is a change, with the credit beside it not in money", () => {
    const billingReason = "subscription_update";
    expect(of({ billingReason })).toMatchObject({ purpose: "change", plan: "silver", paidInFull: true, ...PERIOD });
    expect(of({ billingReason, lines: [proration("bronze", -300), line("silver")] })).toMatchObject({
      purpose: "change",
      plan: "silver",
      paidInFull: false,
      ...PERIOD,
    });
  });

  test("prorations alone confirm the plan that was changed to", () => {
    const billingReason = "subscription_update";
    const upgrade = [proration("silver", -900), proration("titanium", 1900)];
    expect(of({ billingReason, lines: upgrade })).toMatchObject({
      purpose: "proration",
      plan: "titanium",
      paidInFull: false,
    });
    const twice = [
      proration("bronze", -400),
      proration("silver", 900),
      proration("silver", -899),
      proration("titanium", 1800),
    ];
    expect(of({ billingReason, lines: twice })).toMatchObject({ purpose: "proration", plan: "titanium" });
    const downgrade = [proration("titanium", -1900), proration("bronze", 450)];
    expect(of({ billingReason, lines: downgrade })).toMatchObject({ purpose: "proration", plan: "bronze" });
  });

  test("credits alone have no effect, nor has a charge that was credited in full", () => {
    for (const lines of [[proration("titanium", -1900)], [proration("titanium", 1900), proration("titanium", -1900)]]) {
      expect(of({ billingReason: "subscription_update", lines })).toMatchObject({ purpose: "other", ...NOTHING });
    }
  });

  test("a renewal that also settles an upgrade pays for its period, not in money alone", () => {
    const lines = [proration("silver", -900), proration("titanium", 1900), line("titanium")];
    expect(of({ lines })).toMatchObject({ purpose: "period", plan: "titanium", paidInFull: false, ...PERIOD });
  });

  test("a manual invoice opens nothing", () => {
    expect(of({ billingReason: "manual" })).toMatchObject({ purpose: "other", ...NOTHING });
  });

  test("the latest period counts if a late invoice bills two", () => {
    const lines = [line("silver", { periodStart: START - 2_600_000, periodEnd: START }), line("silver")];
    expect(of({ lines })).toMatchObject({ purpose: "period", ...PERIOD });
  });

  test("also if it is the first line, and if the earlier line has another plan", () => {
    const earlier = line("bronze", { periodStart: START - 2_600_000, periodEnd: START });
    for (const lines of [
      [line("silver"), earlier],
      [earlier, line("silver")],
    ]) {
      expect(of({ lines })).toMatchObject({ purpose: "period", plan: "silver", ...PERIOD });
    }
  });

  test("of several plans charged in prorations the one with the most left counts, monthly and yearly apart", () => {
    const billingReason = "subscription_update";
    const several = [proration("titanium", 1800), proration("bronze", 100), proration("silver", -900)];
    expect(of({ billingReason, lines: several })).toMatchObject({ purpose: "proration", plan: "titanium" });
    const yearly = planPrice({ product: "mail", plan: "silver", interval: "yearly" });
    const lines = [proration("silver", -900), { ...proration("silver", 500), price: yearly }];
    expect(of({ billingReason, lines })).toMatchObject({ purpose: "proration", plan: "silver", interval: "yearly" });
  });

  test("two products are two facts with one id", () => {
    const lines = [line("silver"), line("silver", { id: "il_2", price: solo, amount: solo.unitAmount })];
    expect(paid({ lines }, {}, shape)).toMatchObject({
      facts: [
        { product: "mail", fact: { id: "stripe:evt_1:payment", plan: "silver", paidInFull: true } },
        { product: "depot", fact: { id: "stripe:evt_1:payment", plan: "solo", paidInFull: true } },
      ],
    });
  });

  test("of two plans of one product for one period the higher is paid for", () => {
    const lines = [line("silver"), line("titanium")];
    for (const each of [lines, lines.toReversed()]) {
      expect(of({ lines: each })).toMatchObject({ purpose: "period", plan: "titanium", paidInFull: true, ...PERIOD });
    }
    const yearly = line("silver", { price: planPrice({ product: "mail", plan: "silver", interval: "yearly" }) });
    expect(of({ lines: [line("silver"), yearly] })).toMatchObject({ purpose: "period", plan: "silver" });
  });

  test("a threshold's invoice with a whole period is a change", () => {
    expect(of({ billingReason: "subscription_threshold" })).toMatchObject({ purpose: "change", plan: "silver" });
  });
});

describe("a line with fewer fields", () => {
  test("than its subscription is the invoice's own; than its price in the new place has the old one", () => {
    expect(paid({}, { "lines.data.0.parent": null })).toEqual(paid({}));
    expect(paid({}, { "lines.data.0.parent": { type: "subscription_item_details" } })).toEqual(paid({}));
    expect(paid({}, { "lines.data.0.pricing": { type: "price_details" } }, "legacy")).toEqual(paid({}, {}, "legacy"));
    expect(paid({}, { "lines.data.0.price": undefined }, "pre_basil")).toEqual(paid({}, {}, "pre_basil"));
    const none = { "lines.data.0.price": undefined, "lines.data.0.plan": undefined };
    expect(paid({}, none, "pre_basil")).toMatchObject({ outcome: "unpriced", fact: { plan: null, paidInFull: true } });
  });

  test("an invoice without a reason pays for nothing of ours", () => {
    expect(fact({}, { billing_reason: null })).toMatchObject({ purpose: "other", ...NOTHING });
  });
});

test("a plan's price as an invoice item added by hand opens nothing", () => {
  const details = { invoice_item: "ii_1", proration: false, subscription: "sub_1" };
  const today = { "lines.data.0.parent": { type: "invoice_item_details", invoice_item_details: details } };
  const old = { "lines.data.0.type": "invoiceitem" };
  expect(fact({}, today)).toMatchObject({ purpose: "other" });
  expect(fact({}, old, "pre_basil")).toMatchObject({ purpose: "other" });
});

test("prorations may be written as invoice items", () => {
  const details = { invoice_item: "ii_1", proration: true, subscription: "sub_1" };
  const changes = { "lines.data.0.parent": { type: "invoice_item_details", invoice_item_details: details } };
  expect(fact({ billingReason: "subscription_update" }, changes)).toMatchObject({
    purpose: "proration",
    plan: "silver",
  });
});
