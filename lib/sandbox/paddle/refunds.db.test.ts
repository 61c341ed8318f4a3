/** Refunds and chargebacks at the fake Paddle, and their effect here. */
import { ApiError } from "@paddle/paddle-node-sdk";
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { paddleAccount } from "@/tests/support/paddle-account";

const { sandbox, sdk, delivered, pay, hosted, payer, now, open, buy, run, adjustments, notes, refunded } =
  paddleAccount("refunded");
const code = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof ApiError ? error.code : error),
  );
const events = () => delivered.map(({ type, data }) => [type, data.action, data.status]);

describe("a refund", () => {
  const refund = (transactionId: string, rest: object) =>
    sdk().adjustments.create({ action: "refund", reason: "asked", transactionId, ...rest } as never);

  test("of a part names the line and its share of the tax; the rest can follow, but no more", async () => {
    const { transaction, line } = await buy({ country: "GB" });
    const half = await refund(transaction, { items: [{ itemId: line, type: "partial", amount: "1200" }] });
    expect(half).toMatchObject({
      type: "partial",
      status: "pending_approval",
      totals: { subtotal: "1000", tax: "200", total: "1200" },
      items: [{ itemId: line, type: "partial", totals: { subtotal: "1000", tax: "200", total: "1200" } }],
    });
    await run(transaction, "approve", half.id);
    const above = refund(transaction, { items: [{ itemId: line, type: "partial", amount: "1200" }] });
    expect(await code(above)).toBe("adjustment_amount_above_remaining_allowed");
    const rest = await refund(transaction, { items: [{ itemId: line, type: "full" }] });
    expect(rest.totals).toMatchObject({ total: "1199" });
    await run(transaction, "approve", rest.id);
    const more = refund(transaction, { items: [{ itemId: line, type: "partial", amount: "1" }] });
    expect(await code(more)).toBe("adjustment_transaction_item_has_already_been_fully_adjusted");
    expect(await code(refund(transaction, { type: "full" }))).toBe(
      "adjustment_transaction_item_has_already_been_fully_adjusted",
    );
    const { details, adjustmentsTotals } = await sdk().transactions.get(transaction, {
      include: ["adjustments_totals"],
    });
    expect(details?.adjustedTotals).toMatchObject({ total: "0", grandTotal: "0", tax: "0" });
    expect(adjustmentsTotals).toMatchObject({ total: "2399", breakdown: { refund: "2399", chargeback: "0" } });
  });

  test("without tax in its amount gets the tax added", async () => {
    const { transaction, line } = await buy({ country: "GB" });
    const items = [{ itemId: line, type: "partial", amount: "1000" }];
    expect((await refund(transaction, { taxMode: "external", items })).totals).toMatchObject({
      subtotal: "1000",
      tax: "200",
      total: "1200",
    });
    const full = refund(transaction, { taxMode: "external", type: "full" });
    expect(await code(full)).toBe("adjustment_tax_mode_not_allowed");
  });

  test("that is rejected pays nothing back, and allows another request", async () => {
    const { transaction } = await buy();
    const { id } = await refund(transaction, { type: "full" });
    expect(await code(refund(transaction, { type: "full" }))).toBe("adjustment_pending_refund_request");
    await run(transaction, "reject", id);
    expect(events()).toEqual([
      ["adjustment.created", "refund", "pending_approval"],
      ["adjustment.updated", "refund", "rejected"],
    ]);
    expect(await notes()).toEqual([]);
    expect(await code(refund(transaction, { type: "full" }))).toBeNull();
  });

  test("that Paddle cannot make is refused by Paddle's error", async () => {
    const draft = await open();
    expect(await code(refund(draft, { type: "full" }))).toBe("adjustment_transaction_invalid_status_for_refund");
    await pay(draft);
    const { details } = await sdk().transactions.get(draft);
    const line = details?.lineItems[0]?.id;
    const of = (items: object[]) => code(refund(draft, { items }));
    expect(await of([{ itemId: line, type: "partial", amount: "0" }])).toBe("adjustment_amount_cannot_be_zero");
    expect(await of([{ itemId: "txnitm_nobody", type: "full" }])).toBe("adjustment_transaction_item_invalid");
    expect(await of([{ itemId: line, type: "partial" }])).toBe("invalid_field");
    expect(await of([])).toBe("invalid_field");
    expect(await code(refund(draft, {}))).toBe("invalid_field");
    expect(await code(refund(draft, { type: "full", action: "credit" }))).toBe("adjustment_invalid_credit_action");
    expect(await code(refund(draft, { type: "full", action: "chargeback" }))).toBe("invalid_field");
    expect(await adjustments(draft)).toEqual([]);
  });

  test("is listed by action, status and owner", async () => {
    const { transaction, subscription } = await buy();
    await run(transaction, "refund_half");
    const list = (query: object) => sdk().adjustments.list(query).next();
    expect(await list({ subscriptionId: [subscription], status: ["pending_approval"] })).toHaveLength(1);
    expect(await list({ subscriptionId: [subscription], status: ["approved"] })).toEqual([]);
    expect(await list({ transactionId: [transaction], action: "chargeback" })).toEqual([]);
    expect(await code(list({}))).toBe("invalid_field");
  });
});

describe("a chargeback", () => {
  test("takes effect at once; if Paddle wins, the reversal's event comes first, then that of the chargeback", async () => {
    const { transaction } = await buy();
    await run(transaction, "chargeback");
    expect(events()).toEqual([["adjustment.created", "chargeback", "approved"]]);
    expect(await refunded()).toEqual([1_999]);
    expect(await run(transaction, "chargeback")).toBe(false);
    const id = (await adjustments(transaction))[0]?.id as string;
    delivered.length = 0;
    expect(await run(transaction, "chargeback_reverse", id)).toBe(true);
    expect(events()).toEqual([
      ["adjustment.created", "chargeback_reverse", "approved"],
      ["adjustment.updated", "chargeback", "reversed"],
    ]);
    expect(delivered[0]?.data).toMatchObject({ totals: { total: "-1999" } });
    expect(await refunded()).toEqual([0]);
    // A second reversal changes nothing.
    delivered.length = 0;
    await run(transaction, "chargeback_reverse", id);
    expect(delivered).toEqual([]);
  });

  test("that is lost stays, without another event", async () => {
    const { transaction } = await buy();
    await run(transaction, "chargeback");
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { to: (await now()) + 20 * DAY_MS });
    expect(delivered).toEqual([]);
    expect(await notes()).toEqual([["dispute_opened", 1_999, "usd", "chargeback"]]);
  });

  test("after a partial refund is for the rest", async () => {
    const { transaction } = await buy();
    await run(transaction, "refund_half");
    await sandbox.moveClock(payer.id, { to: (await now()) + HOUR_MS });
    await run(transaction, "chargeback");
    expect(delivered.at(-1)?.data).toMatchObject({ action: "chargeback", totals: { total: "999" } });
  });

  test("warning is paid back by Paddle, and noted as a dispute", async () => {
    const { transaction } = await buy();
    await run(transaction, "chargeback_warning");
    const id = (await adjustments(transaction))[0]?.id as string;
    await run(transaction, "chargeback_reverse", id);
    expect(events().map(([, action]) => action)).toEqual([
      "chargeback_warning",
      "chargeback_warning_reverse",
      "chargeback_warning",
    ]);
    expect((await notes()).toSorted()).toEqual([
      ["dispute_closed", 1_999, "usd", "chargeback_warning_reverse"],
      ["dispute_opened", 1_999, "usd", "chargeback_warning"],
    ]);
  });
});

test("the page of a payment shows it, and runs the actions of the seller and the bank", async () => {
  const { transaction } = await buy({ country: "DE", discount: "SPRING20" });
  const form = (action: string, adjustment = "") =>
    hosted.submit(sandbox, "transaction", transaction, new URLSearchParams({ action, adjustment }));
  const here = `/sandbox/paddle/transaction/${transaction}`;
  const view = () => hosted.hostedPage(sandbox, "transaction", transaction);
  expect(await view()).toMatchObject({
    lines: [{ name: "Mail Silver", amount: 1_999 }],
    discount: { amount: 400, code: "SPRING20" },
    tax: 304,
    paid: 1_903,
    remaining: 1_903,
    waits: false,
    adjustments: [],
  });
  expect(await form("refund_half")).toBe(here);
  expect(await form("refund")).toBe(`${here}?problem=refused`);
  const shown = await view();
  expect(shown).toMatchObject({ waits: true, remaining: 951, adjustments: [{ action: "refund", amount: 952 }] });
  expect(await form("approve", shown?.adjustments[0]?.id)).toBe(here);
  expect(await view()).toMatchObject({ waits: false, adjustments: [{ status: "approved" }] });
  await expect(form("steal")).rejects.toMatchObject({ problem: "bad_input" });
  expect(await hosted.hostedPage(sandbox, "transaction", "txn_nobody")).toBeNull();
});
