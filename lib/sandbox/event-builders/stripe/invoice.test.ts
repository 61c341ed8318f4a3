/** The amounts of an invoice with discounts, taxes and credit notes. */
import { describe, expect, test } from "vitest";
import { currentInvoice, type InvoiceSpec, type LineSpec, planPrice } from "./events";

const silver = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
const line = (over: Partial<LineSpec> = {}): LineSpec => ({
  id: "il_1",
  item: "si_1",
  price: silver,
  amount: 1_000,
  description: "Silver",
  periodStart: 0,
  periodEnd: 100,
  ...over,
});
const invoice = (lines: LineSpec[], over: Partial<InvoiceSpec> = {}) =>
  currentInvoice({
    id: "in_1",
    customer: "cus_1",
    subscription: "sub_1",
    billingReason: "subscription_cycle",
    created: 0,
    periodStart: 0,
    periodEnd: 0,
    status: "open",
    lines,
    ...over,
  });

describe("an invoice", () => {
  test("adds an exclusive tax to the amount after the discount", () => {
    const tax = { amount: 152, rate: "txr_de", behavior: "exclusive", taxable: 800 } as const;
    expect(
      invoice([line({ discount: 200, discountId: "di_1", tax })], { automaticTax: true, country: "DE" }),
    ).toMatchObject({
      subtotal: 1_000,
      total: 952,
      amount_due: 952,
      total_excluding_tax: 800,
      subtotal_excluding_tax: 1_000,
      total_discount_amounts: [{ amount: 200, discount: "di_1" }],
      discounts: ["di_1"],
      total_taxes: [{ amount: 152, taxable_amount: 800, tax_behavior: "exclusive" }],
      automatic_tax: { enabled: true, status: "complete" },
    });
  });

  test("includes an inclusive tax in its total, with one sum per rate", () => {
    const tax = { amount: 160, rate: "txr_de", behavior: "inclusive", taxable: 840 } as const;
    expect(invoice([line({ tax }), line({ id: "il_2", tax })])).toMatchObject({
      total: 2_000,
      subtotal_excluding_tax: 1_680,
      total_excluding_tax: 1_680,
      total_taxes: [{ amount: 320, taxable_amount: 1_680 }],
    });
  });

  test("names the discount of a proration with an amount of 0", () => {
    const shown = invoice([line({ amount: 800, proration: true, discountId: "di_1", undiscounted: 1_000 })]);
    expect(shown).toMatchObject({ subtotal: 800, total: 800, discounts: ["di_1"] });
    expect(shown.total_discount_amounts).toEqual([{ amount: 0, discount: "di_1" }]);
    expect(shown.lines.data[0]?.discount_amounts).toEqual([{ amount: 0, discount: "di_1" }]);
  });

  test("is due for less after a credit note before the payment, and for the same after a later one", () => {
    expect(invoice([line()], { creditNotes: { prePayment: 300, postPayment: 0 } })).toMatchObject({
      total: 1_000,
      amount_due: 700,
      pre_payment_credit_notes_amount: 300,
    });
    const paid = invoice([line()], { status: "paid", creditNotes: { prePayment: 0, postPayment: 400 } });
    expect(paid).toMatchObject({ amount_paid: 1_000, post_payment_credit_notes_amount: 400 });
  });

  test("without an address requires a location for its tax", () => {
    expect(invoice([line()], { automaticTax: true }).automatic_tax).toMatchObject({
      status: "requires_location_inputs",
    });
  });
});
