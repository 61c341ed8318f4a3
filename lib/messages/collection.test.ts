import { expect, test } from "vitest";
import { collectionWords } from "./collection";

const dueNow = { amount: 1_250, currency: "USD" };
const nothing = { dueNow: null, nextCharge: null };

test.each([
  ["a card", { collection: "card" as const, collectionDays: null }, null],
  ["a debit", { collection: "bank_debit" as const, collectionDays: 4 }, "takes up to 4 business days"],
  [
    "a debit with an unknown duration",
    { collection: "bank_debit" as const, collectionDays: null },
    "takes some business days",
  ],
  [
    "an invoice",
    { collection: "sent_invoice" as const, collectionDays: 14 },
    "We send you an invoice, due in 14 days.",
  ],
  ["an invoice that is due in one day", { collection: "sent_invoice" as const, collectionDays: 1 }, "due in 1 day."],
  [
    "an invoice without a due date",
    { collection: "sent_invoice" as const, collectionDays: null },
    "We send you an invoice.",
  ],
])("%s", (_, collected, words) => {
  const shown = collectionWords({ ...collected, dueNow, nextCharge: null });
  if (words === null) expect(shown).toBeNull();
  else expect(shown).toContain(words);
  expect(collectionWords({ ...collected, ...nothing })).toBeNull();
});
