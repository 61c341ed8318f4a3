/** A purchase at the sandbox's Paddle with all that can happen to its money: code, tax, upgrade, refunds, chargebacks. */
import { afterAll, beforeEach, expect, test } from "vitest";
import { DAY, HOUR } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { changePlan, previewChange } from "@/lib/subscriptions/change";
import { testDatabase } from "@/tests/support/database";
import { playPaddle } from "@/tests/support/played-paddle";
import type { Payment } from "./checkout";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, sdk, shop, told, pay, hosted } = playPaddle(gateway);

let users = 0;
let user = "";
beforeEach(() => {
  users += 1;
  user = `journeying-${users}`;
  told.length = 0;
});

const now = async () => (await gateway.sandboxClock(user)).now;

async function client() {
  const found = await shop.getProcessor("paddle");
  if (found === undefined) throw new Error("no Paddle");
  return found.client;
}

/** Opens a checkout through our client, and stores whose it is. */
async function open(discount?: string) {
  const spec = { userId: user, product: "writer", plan: "plus", interval: "monthly", trial: false } as const;
  const begun = await gateway.beginCheckout({ ...spec, processor: "paddle" });
  if (begun.outcome !== "begun") throw new Error(begun.outcome);
  const made = await (await client()).checkout({
    userId: user,
    customer: null,
    email: null,
    priceId: "pri_writer_plus_monthly",
    returnUrl: "http://localhost:3000/billing",
    checkoutPage: "http://localhost:3000/checkout/paddle",
    ...(discount && { code: discount }),
  });
  await gateway.openCheckout(user, begun.checkout.id, made.transaction, made.url);
  return made.transaction;
}

async function buy({ discount, ...payment }: Partial<Payment> & { discount?: string } = {}) {
  const transaction = await open(discount);
  expect(await pay(transaction, payment)).toEqual({ outcome: "succeeded" });
  told.length = 0;
  const { subscriptionId, details } = await sdk().transactions.get(transaction);
  return { transaction, subscription: subscriptionId as string, line: details?.lineItems[0]?.id as string };
}

async function act(transaction: string, action: string, adjustment: string | null = null) {
  const done = await hosted.act(sandbox, transaction, action, adjustment);
  await sandbox.idle();
  return done;
}

const adjustments = async (transaction: string) =>
  sdk()
    .adjustments.list({ transactionId: [transaction] })
    .next();
const notes = async () =>
  (await gateway.userDetail(user, 1)).notes.map(({ kind, amount, currency, detail }) => [
    kind,
    amount,
    currency,
    detail,
  ]);
const invoices = async () => {
  const { subscriptions } = await gateway.billingAccounts(user);
  return (await client()).invoices({ subscriptions: subscriptions.map(({ subscription }) => subscription) });
};
const refunded = async () => (await invoices()).map((each) => each.refunded?.amount ?? 0);
const writer = async () => {
  const found = (await gateway.usage(user)).subscriptions.find(({ product }) => product === "writer");
  if (!found) throw new Error("no writer");
  return found;
};

test("a journey: bought with a code, upgraded, half refunded, the rest refunded, charged back twice: won and lost", async () => {
  const { transaction, subscription } = await buy({ discount: "spring20", country: "GB" });
  expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
  await gateway.consume(user, "words_used", 12_000);

  await sandbox.moveClock(user, { to: (await now()) + 10 * DAY });
  const priceId = "pri_writer_ultra_monthly";
  const preview = await (await client()).preview({ subscription, priceId, timing: "now" });
  expect(preview).toMatchObject({
    discounts: [{ code: "SPRING20", off: { percent: 20 }, endsAt: null }],
    nextCharge: { amount: 3_839 },
  });
  expect(preview.tax?.amount).toBe(Math.round((preview.dueNow?.amount ?? 0) / 6));
  expect(preview.discount?.amount).toBeGreaterThan(0);
  const shown = await previewChange(user, { product: "writer", plan: "ultra" }, shop);
  expect(shown.dueNow).toEqual(preview.dueNow);
  await changePlan(user, { product: "writer", plan: "ultra" }, shop);
  await sandbox.idle();
  expect(await writer()).toMatchObject({ plan: "ultra", status: "active" });
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

  await act(transaction, "refund_half");
  expect(await refunded()).toEqual([0, 0]);
  await sandbox.moveClock(user, { to: (await now()) + HOUR });
  expect(await refunded()).toEqual([0, 960]);
  await act(transaction, "refund");
  await sandbox.moveClock(user, { to: (await now()) + HOUR });
  expect(await refunded()).toEqual([0, 1_919]);

  const upgrade = latest?.id as string;
  await act(upgrade, "chargeback");
  const id = (await adjustments(upgrade))[0]?.id as string;
  await act(upgrade, "chargeback_reverse", id);
  await act(upgrade, "chargeback");
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
  // Refunds and disputes are for people to judge: plan and usage stay.
  expect(await writer()).toMatchObject({ plan: "ultra", status: "active", meters: [{ used: 12_000 }, {}] });
  expect(told.map(({ outcome }) => outcome)).not.toContain("quarantined");
});
