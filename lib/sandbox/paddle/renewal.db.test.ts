import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { PAID, paddlePayer, RENEWAL } from "@/tests/support/paddle-payer";

const { sandbox, sdk, delivered, pay, changeCard, gateway, payer, subscribe, mail, used, now, types, code } =
  paddlePayer();

describe("a renewal", () => {
  test("sends its event, then charges", async () => {
    await subscribe();
    await gateway.consume(payer.id, "stamps_used", 700);
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual([...RENEWAL, ...PAID]);
    expect(delivered.at(-1)?.data).toMatchObject({ origin: "subscription_recurring" });
    expect(await used()).toBe(0);
  });

  test("that fails is retried five times, then the subscription ends", async () => {
    await subscribe("silver", "monthly", "0341");
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual([
      ...RENEWAL,
      "transaction.payment_failed",
      "transaction.updated",
      "transaction.past_due",
      "subscription.updated",
      "subscription.past_due",
    ]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "past_due" });
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { to: (await now()) + 28 * DAY_MS });
    expect(types().filter((type) => type === "transaction.payment_failed")).toHaveLength(5);
    expect(types().at(-1)).toBe("subscription.canceled");
    expect(await mail()).toMatchObject({ plan: "free" });
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { by: "month" });
    expect(types()).toEqual([]);
  });

  test("recovers when the card is changed, which charges the unpaid amount", async () => {
    const { id } = await subscribe("silver", "monthly", "0341");
    await sandbox.moveClock(payer.id, { by: "period" });
    const owed = await sdk().subscriptions.getPaymentMethodChangeTransaction(id);
    expect(owed).toMatchObject({ status: "past_due", origin: "subscription_recurring" });
    // Paddle's e-mail about the failure has this link.
    expect(owed.checkout?.url).toBe(`http://localhost:3000/checkout/paddle?_ptxn=${owed.id}`);
    delivered.length = 0;
    expect(await changeCard(id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(await changeCard(id)).toEqual({ outcome: "succeeded" });
    expect(types()).toEqual([
      "transaction.payment_failed",
      "transaction.updated",
      "transaction.paid",
      "subscription.updated",
      "transaction.updated",
      "transaction.completed",
    ]);
    expect(await mail()).toMatchObject({ status: "active" });
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual([...RENEWAL, ...PAID]);
  });

  test("that is paid leaves a card change as a transaction of 0", async () => {
    const { id } = await subscribe();
    const change = await sdk().subscriptions.getPaymentMethodChangeTransaction(id);
    expect(change).toMatchObject({
      status: "ready",
      origin: "subscription_payment_method_change",
      details: { totals: { grandTotal: "0" } },
      checkout: { url: `http://localhost:3000/checkout/paddle?_ptxn=${change.id}` },
    });
    expect(await pay(change.id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(await pay(change.id, { card: "0341" })).toEqual({ outcome: "succeeded" });
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(await mail()).toMatchObject({ status: "past_due" });
  });
});

test("a refund waits for approval, and sends an event before and after it", async () => {
  const { transaction } = await subscribe();
  const refund = { action: "refund", type: "full", reason: "asked", transactionId: transaction } as const;
  expect(await sdk().adjustments.create(refund as never)).toMatchObject({ status: "pending_approval" });
  expect(await code(sdk().adjustments.create(refund as never))).toBe("adjustment_pending_refund_request");
  const listed = await sdk()
    .adjustments.list({ transactionId: [transaction], action: "refund" })
    .next();
  expect(listed).toMatchObject([{ action: "refund", status: "pending_approval", transactionId: transaction }]);
  await sandbox.moveClock(payer.id, { to: (await now()) + HOUR_MS });
  expect(delivered.map(({ type, data }) => [type, data.status])).toEqual([
    ["adjustment.created", "pending_approval"],
    ["adjustment.updated", "approved"],
  ]);
});
