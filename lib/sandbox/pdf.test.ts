import { expect, test } from "vitest";
import { invoicePdf } from "./pdf";

test("an invoice's PDF shows its discount and its tax", () => {
  const invoice = { number: "A-1", at: "2026-11-01", email: null, lines: [], total: 1_903, credit: 0, due: 1_903 };
  const text = (over: object) => Buffer.from(invoicePdf({ ...invoice, status: "paid", ...over })).toString("latin1");
  const shown = text({ discount: 400, tax: 304 });
  expect(shown).toContain("(Discount: -$4.00)");
  expect(shown).toContain("(Tax: $3.04)");
  expect(text({ discount: 0, tax: 0 })).not.toMatch(/Discount|Tax/);
});
