/**
 * A purchase at the fake Paddle with code, tax, upgrade, refunds and chargebacks.
 */
import { expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { changePlan, previewChange } from "@/lib/subscriptions/change";
import { paddleAccount } from "@/tests/support/paddle-account";

const {
  sandbox,
  sdk,
  delivered,
  gateway,
  payer,
  now,
  client,
  buy,
  run,
  adjustments,
  notes,
  invoices,
  refunded,
  context,
} = paddleAccount("journeying");
const mail = async () => {
  const found = (await gateway.usage(payer.id)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
};

test("a purchase with a code, an upgrade, two refunds, a chargeback that is won and one that is lost", async () => {
  const { transaction, subscription } = await buy({ discount: "spring20", country: "GB" });
  expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  await gateway.consume(payer.id, "stamps_used", 12_000);

  await sandbox.moveClock(payer.id, { to: (await now()) + 10 * DAY_MS });
  const priceId = "pri_mail_titanium_monthly";
  const preview = await (await client()).preview({ subscription, priceId, timing: "now" });
  expect(preview).toMatchObject({
    discounts: [{ code: "SPRING20", off: { percent: 20 }, endsAt: null }],
    nextCharge: { amount: 3_839 },
  });
  expect(preview.tax?.amount).toBe(Math.round((preview.dueNow?.amount ?? 0) / 6));
  expect(preview.discount?.amount).toBeGreaterThan(0);
  const shown = await previewChange(payer.id, { product: "mail", plan: "titanium" }, context);
  expect(shown.dueNow).toEqual(preview.dueNow);
  await changePlan(payer.id, { product: "mail", plan: "titanium" }, context);
  await sandbox.idle();
  expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
  expect((await sdk().subscriptions.get(subscription)).discount).toMatchObject({ endsAt: null });

  const [latest] = await invoices();
  expect(await invoices()).toMatchObject([
    { total: preview.dueNow, tax: preview.tax, discount: preview.discount },
    {
      total: { amount: 1_919, currency: "USD" },
      tax: { amount: 320, currency: "USD" },
      discount: { amount: 400, currency: "USD" },
    },
  ]);
  expect(await refunded()).toEqual([0, 0]);

  await run(transaction, "refund_half");
  expect(await refunded()).toEqual([0, 0]);
  await sandbox.moveClock(payer.id, { to: (await now()) + HOUR_MS });
  expect(await refunded()).toEqual([0, 960]);
  await run(transaction, "refund");
  await sandbox.moveClock(payer.id, { to: (await now()) + HOUR_MS });
  expect(await refunded()).toEqual([0, 1_919]);

  const upgrade = latest?.id as string;
  await run(upgrade, "chargeback");
  const id = (await adjustments(upgrade))[0]?.id as string;
  await run(upgrade, "chargeback_reverse", id);
  await run(upgrade, "chargeback");
  expect(await refunded()).toEqual([latest?.total.amount, 1_919]);

  const due = latest?.total.amount;
  expect((await notes()).toSorted()).toEqual(
    [
      ["refund", 1_919, "usd", null],
      ["dispute_opened", due, "usd", "chargeback"],
      ["dispute_closed", due, "usd", "chargeback_reverse"],
      ["dispute_opened", due, "usd", "chargeback"],
    ].toSorted(),
  );
  // An admin decides about refunds and disputes: plan and usage stay.
  expect(await mail()).toMatchObject({ plan: "titanium", status: "active", meters: [{ used: 12_000 }, {}] });
  expect(delivered.map(({ outcome }) => outcome)).not.toContain("quarantined");
});
