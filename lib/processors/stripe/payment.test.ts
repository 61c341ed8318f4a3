import { describe, expect, test } from "vitest";
import { type InvoiceSpec, type LineSpec, SHAPES } from "@/lib/sandbox/event-builders/stripe/events";
import type { Changes } from "@/tests/support/normalized-stripe";
import {
  BASE,
  END,
  fact,
  line,
  NOTHING,
  PERIOD,
  paid,
  price,
  proration,
  START,
  solo,
} from "@/tests/support/stripe-invoices";

describe("the subscription of an invoice", () => {
  test("is found in the lines if the invoice does not name it", () => {
    expect(paid({}, { parent: null })).toMatchObject({ identity: { subscription: "sub_1" } });
    expect(paid({}, { subscription: undefined }, "pre_basil")).toMatchObject({ identity: { subscription: "sub_1" } });
  });

  test("can be expanded, and so can the customer and the price", () => {
    const old = {
      subscription: { id: "sub_1", object: "subscription" },
      customer: { id: "cus_1", object: "customer" },
    };
    expect(paid({}, old, "pre_basil")).toEqual(paid({}, {}, "pre_basil"));
    const today = { "lines.data.0.pricing.price_details.price": { id: price("silver").id } };
    expect(paid({}, today)).toEqual(paid({}));
  });

  test("has none of another subscription's lines", () => {
    const changes = { "lines.data.0.parent.subscription_item_details.subscription": "sub_other" };
    expect(paid({}, changes)).toEqual({ outcome: "ignored", reason: "no_plan_line" });
  });

  test("is required, else the invoice is ignored", () => {
    const changes = { parent: null, "lines.data.0.parent": null, "lines.data.0.subscription": null };
    expect(paid({}, changes)).toEqual({ outcome: "ignored", reason: "no_subscription" });
  });

  test("names the user in its metadata, in both places", () => {
    const metadata = { user_id: "user_1" };
    for (const shape of SHAPES) {
      expect(paid({ metadata }, {}, shape)).toMatchObject({ identity: { trustedUserId: "user_1" } });
    }
  });
});

describe("an invoice without a plan line", () => {
  const lines = [line("silver", { price: { ...price("silver"), id: "price_else" } })];

  const charge = { id: "si_1", product: "prod_mail_silver", price: "price_else", purpose: "period", ...PERIOD };

  test.each(SHAPES)("of the subscription names the charged items (%s)", (shape) => {
    expect(paid({ lines }, {}, shape)).toMatchObject({
      outcome: "unpriced",
      fact: { kind: "payment", purpose: "other", ...NOTHING, paidInFull: true, unlisted: [charge] },
    });
    const lower = [{ ...line("silver"), ...lines[0], amount: 0 } as LineSpec];
    expect(paid({ lines: lower }, {}, shape)).toEqual({ outcome: "ignored", reason: "no_plan_line" });
  });

  test("distinguishes prorations and changes", () => {
    const of = (spec: Partial<InvoiceSpec>) => paid({ billingReason: "subscription_update", ...spec });
    expect(of({ lines })).toMatchObject({ fact: { unlisted: [{ ...charge, purpose: "change" }] } });
    const prorated = [{ ...(lines[0] as LineSpec), proration: true }];
    expect(of({ lines: prorated })).toMatchObject({ fact: { unlisted: [{ purpose: "proration" }] } });
  });

  test("has no period for a line with an invalid period", () => {
    const [whole] = lines as [LineSpec];
    for (const periodEnd of [START, START - 1]) {
      expect(paid({ lines: [{ ...whole, periodEnd }] })).toMatchObject({
        fact: { unlisted: [{ periodStart: null, periodEnd: null }] },
      });
      expect(paid({ lines: [{ ...whole, periodEnd }], moreLines: true })).toMatchObject({
        fact: { truncated: { periodStart: null, periodEnd: null } },
      });
    }
  });

  test("with truncated lines has the common period of its lines without prorations", () => {
    const [whole] = lines as [LineSpec];
    const beside = { id: "il_2", item: "si_2", periodStart: START - 100 };
    const shared = (more: Partial<LineSpec>) =>
      paid({ lines: [{ ...whole, ...beside, ...more }, whole], moreLines: true });
    expect(shared({ proration: true })).toMatchObject({ fact: { truncated: PERIOD } });
    expect(shared({ periodStart: START, periodEnd: END + 1 })).toMatchObject({
      fact: { truncated: { periodEnd: null } },
    });
  });

  test("is ignored if it is manual", () => {
    expect(paid({ lines, billingReason: "manual" })).toEqual({ outcome: "ignored", reason: "no_plan_line" });
  });

  test("with truncated lines names the common period of its lines", () => {
    const other = { ...(lines[0] as LineSpec), id: "il_2", item: "si_2" };
    expect(paid({ lines: [...lines, other], moreLines: true })).toMatchObject({
      outcome: "unpriced",
      fact: { truncated: PERIOD, purpose: "other", periodStart: null, paidInFull: false },
    });
    const elsewhere = { ...other, periodStart: START - 100 };
    expect(paid({ lines: [...lines, elsewhere], moreLines: true })).toMatchObject({
      fact: { truncated: { periodStart: null, periodEnd: null } },
    });
    expect(paid({ lines, billingReason: "manual", moreLines: true })).toMatchObject({ fact: { truncated: PERIOD } });
    // Also beside a listed plan: another product's line may be among the rest.
    expect(paid({ moreLines: true })).toMatchObject({ facts: [{ fact: { plan: "silver", truncated: PERIOD } }] });
    expect(paid({})).not.toHaveProperty("facts.0.fact.truncated");
  });

  test("is quarantined if inner fields are missing", () => {
    const noLines = paid({}, { lines: undefined });
    expect(noLines).toMatchObject({ outcome: "quarantined", reason: "missing_field:data.object.lines" });
    const noPeriod = paid({}, { "lines.data.0.period.end": undefined });
    expect(noPeriod).toMatchObject({ reason: "missing_field:data.object.lines.data.0.period.end" });
    expect(paid({ lines: [line("silver", { periodEnd: START })] })).toMatchObject({ reason: "invalid_period" });
  });
});

describe("a failed attempt on a sent invoice", () => {
  const sent = { status: "open", collectionMethod: "send_invoice" } as const;
  const attempt = (dueDate: number | null, lines = BASE.lines) =>
    paid({ ...sent, dueDate, lines }, {}, "basil", "invoice.payment_failed");

  test("is a debt only from the due date on", () => {
    expect(attempt(START + 3)).toMatchObject({ facts: [{ fact: { outcome: "failed", purpose: "not_due" } }] });
    expect(attempt(START + 2)).toMatchObject({ facts: [{ fact: { outcome: "failed", purpose: "period" } }] });
    expect(attempt(null)).toMatchObject({ facts: [{ fact: { purpose: "period" } }] });
    const charged = { status: "open", dueDate: START + 3 } as const;
    expect(fact(charged, {}, "basil", "invoice.payment_failed")).toMatchObject({ purpose: "period" });
    const unlisted = [line("silver", { price: { ...price("silver"), id: "price_else" } })];
    const mixed = [line("bronze", { amount: -999, proration: true }), ...unlisted];
    expect(attempt(START + 3, mixed)).toMatchObject({
      facts: [{ fact: { purpose: "not_due", unlisted: [{ purpose: "not_due" }] } }],
    });
    expect(attempt(START + 2, mixed)).toMatchObject({ facts: [{ fact: { unlisted: [{ purpose: "period" }] } }] });
    expect(attempt(START + 3, unlisted)).toEqual({ outcome: "ignored", reason: "not_due" });
  });

  test("does not prevent a payment before the due date", () => {
    expect(fact({ collectionMethod: "send_invoice", dueDate: START + 3 })).toMatchObject({ purpose: "period" });
  });
});

describe("paid in money:", () => {
  const paidInFull = (spec: Partial<InvoiceSpec>, changes: Changes = {}, type?: string) =>
    fact(spec, changes, "basil", type);

  const other = (id: string, amount: number) => line("silver", { id, price: { ...price("silver"), id }, amount });

  test("the whole price, with taxes on top or inside, and beside add-ons", () => {
    expect(paidInFull({})).toMatchObject({ paidInFull: true });
    const taxes = { total: 2379, amount_due: 2379, amount_paid: 2379 };
    expect(paidInFull({}, taxes)).toMatchObject({ paidInFull: true });
    expect(paidInFull({}, { total_excluding_tax: 1680 })).toMatchObject({ paidInFull: true });
    const seats = line("silver", { id: "il_seats", price: { ...price("silver"), id: "price_seats" }, amount: 500 });
    expect(paidInFull({ lines: [line("silver"), seats] })).toMatchObject({ paidInFull: true });
    expect(paidInFull({ lines: [line("silver"), { ...seats, amount: 0 }] })).toMatchObject({ paidInFull: true });
    expect(paidInFull({}, { total_pretax_credit_amounts: null })).toMatchObject({ paidInFull: true });
  });

  test("a discounted price above 0", () => {
    const off = (discount: number) => paidInFull({ lines: [line("silver", { discount })] });
    expect([off(1), off(400), off(1998)]).toMatchObject([
      { paidInFull: true },
      { paidInFull: true },
      { paidInFull: true },
    ]);
    expect(off(1999)).toMatchObject({ paidInFull: false });
    // A paid add-on does not pay for a free plan.
    const free = line("silver", { discount: 1999 });
    expect(paidInFull({ lines: [free, other("seats", 500)] })).toMatchObject({ paidInFull: false });
  });

  test("an invoice that the merchant declared paid", () => {
    for (const shape of SHAPES) {
      expect(fact({ paidOutOfBand: true }, {}, shape)).toMatchObject({ paidInFull: true });
    }
    expect(fact({ paidOutOfBand: true }, { status: undefined }, "pre_basil")).toMatchObject({ paidInFull: true });
    expect(paidInFull({}, { amount_paid: 1998, status: "open" })).toMatchObject({ paidInFull: false });
  });

  test("a charged unlisted line beside a free plan", () => {
    const free = line("silver", { id: "il_2", price: solo, amount: 999, discount: 999 });
    const unlisted = line("silver", { price: { ...price("silver"), id: "price_else" } });
    expect(paid({ lines: [free, unlisted] })).toMatchObject({
      facts: [{ product: "depot", fact: { paidInFull: false, unlisted: [{ paidInFull: true }] } }],
    });
  });

  test("an unlisted line only if the invoice is, and if the line has an amount", () => {
    const seats = (amount: number) =>
      line("silver", { id: "il_2", item: "si_2", price: { ...price("silver"), id: "p" }, amount });
    expect(fact({ lines: [line("silver"), seats(0)] })).toMatchObject({
      paidInFull: true,
      unlisted: [{ paidInFull: false }],
    });
    expect(fact({ lines: [line("silver"), seats(500)], startingBalance: -100 })).toMatchObject({
      unlisted: [{ paidInFull: false }],
    });
  });

  test("a plan of two lines only if each line was charged", () => {
    const second = (amount: number) => line("silver", { id: "il_2", item: "si_2", amount });
    expect(paidInFull({ lines: [line("silver"), second(1_999)] })).toMatchObject({ paidInFull: true });
    expect(paidInFull({ lines: [line("silver"), second(0)] })).toMatchObject({ paidInFull: false });
  });

  test("each product independently", () => {
    const trial = line("silver", { id: "il_2", price: solo, amount: 0 });
    expect(paid({ lines: [line("silver"), trial] })).toMatchObject({
      facts: [
        { product: "mail", fact: { paidInFull: true } },
        { product: "depot", fact: { paidInFull: false } },
      ],
    });
  });

  test.each<[string, Partial<InvoiceSpec>, Changes?]>([
    ["a part from the balance", { startingBalance: -500 }],
    ["the whole amount from the balance", { startingBalance: -5000 }],
    ["an added old debt", { startingBalance: 300 }],
    ["a trial", { lines: [line("silver", { amount: 0 })] }],
    ["a proration", { lines: [line("silver"), proration("silver", 100)] }],
    [
      "a credit line",
      { lines: [line("silver"), line("silver", { amount: -1, price: { ...price("silver"), id: "p" } })] },
    ],
    ["a credit line among others", { lines: [line("silver"), other("seats", 500), other("credit", -100)] }],
    ["billing credits", {}, { total_pretax_credit_amounts: [{ amount: 100, type: "c" }] }],
    ["a credit note", {}, { pre_payment_credit_notes_amount: 100 }],
    ["no total", {}, { total: 0, amount_due: 0, amount_paid: 0 }],
    ["an amount due above the total", {}, { amount_due: 2500 }],
    ["a remaining balance", {}, { ending_balance: -100 }],
    ["no field for the balance", {}, { starting_balance: undefined }],
    ["no field for the total", {}, { total: undefined }],
    ["truncated lines", {}, { "lines.has_more": true }],
  ])("no invoice with %s", (_name, spec, changes) => {
    expect(paidInFull(spec, changes)).toMatchObject({ outcome: "paid", paidInFull: false });
  });

  test("no invoice with a failed charge", () => {
    expect(paidInFull({}, {}, "invoice.payment_failed")).toMatchObject({ outcome: "failed", paidInFull: false });
  });
});
