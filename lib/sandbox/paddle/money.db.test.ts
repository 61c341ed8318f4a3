/** Discounts, tax, locks and the minimum charge, through Paddle's real SDK. */
import { ApiError } from "@paddle/paddle-node-sdk";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { createFakePaddle } from "@/tests/support/fake-paddle";
import type { Payment } from "./checkout";
import { DISCOUNTS } from "./discounts";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, sdk, delivered, pay, hosted } = createFakePaddle(gateway);

let users = 0;
let user = "";
beforeEach(() => {
  users += 1;
  user = `taxed-${users}`;
  delivered.length = 0;
});

const items = (plan: string, interval = "monthly") => [{ priceId: `pri_mail_${plan}_${interval}`, quantity: 1 }];
const discountId = (code: string) => DISCOUNTS.find((each) => each.code === code)?.id as string;
const now = async () => (await gateway.sandboxClock(user)).now;
const code = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof ApiError ? error.code : error),
  );

const open = (plan = "silver", discount?: string) =>
  sdk().transactions.create({
    items: items(plan),
    customData: { user_id: user },
    ...(discount && { discountId: discountId(discount) }),
  });

async function subscribe({ discount, plan, ...payment }: Partial<Payment> & { discount?: string; plan?: string } = {}) {
  const { id } = await open(plan, discount);
  expect(await pay(id, payment)).toEqual({ outcome: "succeeded" });
  const paid = await sdk().transactions.get(id, { include: ["discount", "adjustments_totals"] });
  delivered.length = 0;
  return { paid, id: paid.subscriptionId as string };
}

/** Moves to two hours after the period's end, when the renewal is charged. */
async function renew(id: string) {
  const { currentBillingPeriod } = await sdk().subscriptions.get(id);
  await sandbox.moveClock(user, { to: Date.parse(currentBillingPeriod?.endsAt as string) + 2 * HOUR_MS });
}

async function latest() {
  const { data } = delivered.findLast(({ type }) => type === "transaction.completed") as (typeof delivered)[0];
  return (await sdk().transactions.get(data.id)).details?.totals;
}

describe("a discount", () => {
  test("is found by its id, and by its code in any case of letters", async () => {
    const listed = await sdk()
      .discounts.list({ code: ["spring20"] })
      .next();
    expect(listed).toMatchObject([{ code: "SPRING20", type: "percentage", amount: "20", enabledForCheckout: true }]);
    expect(await sdk().discounts.get(discountId("FIVEOFF"))).toMatchObject({ amount: "500", currencyCode: "USD" });
    expect(
      await sdk()
        .discounts.list({ status: ["expired"] })
        .next(),
    ).toMatchObject([{ code: "EXPIRED10" }]);
    expect(
      await sdk()
        .discounts.list({ code: ["UNKNOWN"] })
        .next(),
    ).toEqual([]);
    expect(await code(sdk().discounts.get("dsc_nobody"))).toBe("not_found");
    const archived = sdk().discounts.archive(discountId("FIVEOFF"));
    expect(await code(archived)).toBe("invalid_url");
  });

  test("of a purchase stays with the subscription and reduces each renewal", async () => {
    const { paid, id } = await subscribe({ discount: "SPRING20" });
    expect(paid.details?.totals).toMatchObject({
      subtotal: "1999",
      discount: "400",
      total: "1599",
      grandTotal: "1599",
    });
    expect(paid).toMatchObject({ discountId: discountId("SPRING20"), discount: { code: "SPRING20" } });
    expect((await sdk().subscriptions.get(id)).discount).toMatchObject({ id: discountId("SPRING20"), endsAt: null });
    await renew(id);
    expect(await latest()).toMatchObject({ discount: "400", total: "1599" });
    expect(delivered[0]?.data).toMatchObject({ discount: { id: discountId("SPRING20") } });
  });

  test("for one payment does not become the subscription's", async () => {
    const { paid, id } = await subscribe({ discount: "FIVEOFF" });
    expect(paid.details?.totals).toMatchObject({ discount: "500", total: "1499" });
    expect((await sdk().subscriptions.get(id)).discount).toBeNull();
    await renew(id);
    expect(await latest()).toMatchObject({ discount: "0", total: "1999" });
  });

  test("for three periods ends with the third", async () => {
    const { id } = await subscribe({ discount: "HALF3" });
    const { currentBillingPeriod, discount } = await sdk().subscriptions.get(id);
    const begun = Date.parse(currentBillingPeriod?.startsAt as string);
    expect(Date.parse(discount?.endsAt as string)).toBe(addMonths(begun, 3));
    const totals: (string | undefined)[] = [];
    for (let month = 1; month <= 3; month += 1) {
      delivered.length = 0;
      await renew(id);
      totals.push((await latest())?.total);
    }
    expect(totals).toEqual(["999", "999", "1999"]);
    expect((await sdk().subscriptions.get(id)).discount).toBeNull();
  });

  test.each([
    ["EXPIRED10", "discount_expired"],
    ["USED10", "discount_usage_limit_exceeded"],
    ["TOP25", "transaction_discount_not_eligible"],
    ["TINY97", "transaction_balance_less_than_charge_limit"],
  ])("%s is refused: %s", async (discount, expected) => {
    expect(await code(open("silver", discount))).toBe(expected);
    expect(delivered).toEqual([]);
  });

  test("that is unknown or invalid is refused, also on the page", async () => {
    const unknown = sdk().transactions.create({ items: items("silver"), discountId: "dsc_nobody" });
    expect(await code(unknown)).toBe("transaction_discount_not_found");
    const { id } = await open();
    for (const typed of ["UNKNOWN", "EXPIRED10", "TOP25"]) {
      expect(await pay(id, { code: typed })).toEqual({ outcome: "invalid_code" });
    }
    expect((await sdk().transactions.get(id)).status).toBe("draft");
    expect(await pay(id, { code: "spring20" })).toEqual({ outcome: "succeeded" });
    expect((await sdk().transactions.get(id)).details?.totals).toMatchObject({ discount: "400", total: "1599" });
  });

  test("stays after an upgrade and reduces both its lines", async () => {
    const { id } = await subscribe({ discount: "SPRING20" });
    await sandbox.moveClock(user, { to: (await now()) + 10 * DAY_MS });
    const change = { items: items("titanium"), prorationBillingMode: "prorated_immediately" } as const;
    const preview = await sdk().subscriptions.previewUpdate(id, change);
    expect(preview.discount).toMatchObject({ id: discountId("SPRING20") });
    expect(preview.recurringTransactionDetails?.totals).toMatchObject({ discount: "800", total: "3199" });
    const after = await sdk().subscriptions.update(id, change);
    expect(after.discount).toMatchObject({ id: discountId("SPRING20") });
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const { details } = await sdk().transactions.get(data.id);
    const { subtotal, discount, total, grandTotal } = preview.immediateTransaction?.details.totals ?? {};
    expect(details?.totals).toMatchObject({ subtotal, discount, total, grandTotal });
    const lines = details?.lineItems.map(({ totals }) => Number(totals?.discount) / Number(totals?.subtotal));
    for (const share of lines ?? []) expect(share).toBeCloseTo(0.2, 2);
    expect(lines).toHaveLength(2);
  });

  test("for one payment also reduces the credit of its unused time", async () => {
    const { id } = await subscribe({ discount: "FIVEOFF" });
    await sdk().subscriptions.update(id, { items: items("titanium"), prorationBillingMode: "prorated_immediately" });
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const [credit, charge] = (await sdk().transactions.get(data.id)).details?.lineItems ?? [];
    expect(credit?.totals).toMatchObject({ subtotal: "-1999", discount: "-500", total: "-1499" });
    expect(charge?.totals).toMatchObject({ discount: "0", total: "3999" });
  });

  test("is added to a subscription from now or from the renewal on, and removed again", async () => {
    const { id } = await subscribe();
    const set = (discount: { id: string; effectiveFrom: "immediately" | "next_billing_period" } | null) =>
      sdk().subscriptions.update(id, { discount });
    const spring = { id: discountId("SPRING20"), effectiveFrom: "next_billing_period" } as const;
    const { discount, currentBillingPeriod } = await set(spring);
    expect(discount).toMatchObject({ id: spring.id, startsAt: currentBillingPeriod?.endsAt });
    expect(await code(set({ ...spring, id: discountId("FIVEOFF") }))).toBe("subscription_one_off_discount_not_valid");
    expect(await code(set({ ...spring, id: discountId("TOP25") }))).toBe("subscription_discount_not_valid_for_items");
    // A subscription accepts an expired discount.
    expect((await set({ ...spring, id: discountId("EXPIRED10") })).discount?.id).toBe(discountId("EXPIRED10"));
    expect((await set(null)).discount).toBeNull();
    await set(spring);
    await renew(id);
    expect(await latest()).toMatchObject({ discount: "400" });
  });
});

describe("tax", () => {
  test("is added by the payer's country, at the purchase and each renewal and change", async () => {
    const { paid, id } = await subscribe({ country: "GB", discount: "SPRING20" });
    expect(paid.details?.totals).toMatchObject({
      subtotal: "1999",
      discount: "400",
      tax: "320",
      total: "1919",
      grandTotal: "1919",
      grandTotalTax: "320",
    });
    expect(paid.details?.taxRatesUsed).toMatchObject([{ taxRate: "0.2", totals: { tax: "320" } }]);
    expect(paid.details?.lineItems).toMatchObject([{ taxRate: "0.2", totals: { tax: "320", total: "1919" } }]);
    expect(paid.payments).toMatchObject([{ amount: "1919", status: "captured" }]);
    await renew(id);
    expect(await latest()).toMatchObject({ tax: "320", total: "1919" });
    const change = { items: items("titanium"), prorationBillingMode: "prorated_immediately" } as const;
    const { immediateTransaction: due } = await sdk().subscriptions.previewUpdate(id, change);
    const { subtotal, discount, tax, total } = due?.details.totals ?? {};
    expect(Math.abs(Number(tax) - (Number(subtotal) - Number(discount)) * 0.2)).toBeLessThanOrEqual(1);
    expect(Number(total)).toBe(Number(subtotal) - Number(discount) + Number(tax));
    const address = sdk().addresses.list(paid.customerId as string);
    expect(await address.next()).toMatchObject([{ countryCode: "GB" }]);
  });

  test("is none on a draft, without a country", async () => {
    expect((await open()).details?.totals).toMatchObject({ tax: "0", total: "1999" });
  });
});

describe("the minimum charge", () => {
  test("refuses a difference below 70 cents, in the preview too, and bills it with the next period", async () => {
    const { id } = await subscribe();
    const end = Date.parse((await sdk().subscriptions.get(id)).currentBillingPeriod?.endsAt as string);
    await sandbox.moveClock(user, { to: end - 60 * MINUTE_MS });
    const change = { items: items("titanium"), prorationBillingMode: "prorated_immediately" } as const;
    const refused = "subscription_update_transaction_balance_less_than_charge_limit";
    expect(await code(sdk().subscriptions.previewUpdate(id, change))).toBe(refused);
    expect(await code(sdk().subscriptions.update(id, change))).toBe(refused);
    await sandbox.idle();
    expect(delivered).toEqual([]);
    await sdk().subscriptions.update(id, { ...change, prorationBillingMode: "prorated_next_billing_period" });
  });
});

describe("locks", () => {
  const titanium = { items: items("titanium"), prorationBillingMode: "prorated_immediately" } as const;

  test("between a renewal and its charge", async () => {
    const { id } = await subscribe();
    const end = Date.parse((await sdk().subscriptions.get(id)).currentBillingPeriod?.endsAt as string);
    await sandbox.moveClock(user, { to: end + MINUTE_MS / 2 });
    expect(await code(sdk().subscriptions.update(id, titanium))).toBe("subscription_locked_processing");
    await sandbox.moveClock(user, { to: end + 2 * MINUTE_MS });
    expect(await code(sdk().subscriptions.update(id, titanium))).toBeNull();
  });

  test("while the subscription is past due", async () => {
    const { id } = await subscribe({ card: "0341" });
    await renew(id);
    expect(await code(sdk().subscriptions.update(id, titanium))).toBe("subscription_update_when_past_due");
  });

  test("for a credit of unused time, while a refund waits for approval", async () => {
    const { id, paid } = await subscribe();
    const refund = { action: "refund", type: "full", reason: "asked", transactionId: paid.id } as const;
    const { id: adjustment } = await sdk().adjustments.create(refund);
    expect(await code(sdk().subscriptions.update(id, titanium))).toBe("subscription_outstanding_pending_refund");
    expect(await hosted.runAction(sandbox, paid.id, "reject", adjustment)).toBe(true);
    expect(await code(sdk().subscriptions.update(id, titanium))).toBeNull();
  });

  test("in a pause, except for changes that bill nothing", async () => {
    const { id } = await subscribe();
    await sdk().subscriptions.pause(id, { effectiveFrom: "immediately" });
    expect(await code(sdk().subscriptions.update(id, titanium))).toBe(
      "subscription_incorrect_proration_on_paused_subscription",
    );
    const quiet = await sdk().subscriptions.update(id, { ...titanium, prorationBillingMode: "do_not_bill" });
    expect(quiet).toMatchObject({ status: "paused", items: [{ price: { id: "pri_mail_titanium_monthly" } }] });
  });

  test("after twenty charges in an hour", async () => {
    const { id } = await subscribe();
    const plans = ["titanium", "silver"];
    const change = (count: number) =>
      sdk().subscriptions.update(id, { ...titanium, items: items(plans[count % 2] as string) });
    for (let count = 0; count < 20; count += 1) await change(count);
    expect(await code(change(20))).toBe("subscription_immediate_charge_hour_limit_exceeded");
    await sandbox.moveClock(user, { to: (await now()) + 61 * MINUTE_MS });
    expect(await code(change(20))).toBeNull();
  });

  test("for a repeated price, and for prices of two cycles", async () => {
    const { id } = await subscribe();
    const twice = { ...titanium, items: [...items("titanium"), ...items("titanium")] };
    expect(await code(sdk().subscriptions.update(id, twice))).toBe("subscription_duplicate_price_ids");
    const mixed = sdk().transactions.create({ items: [...items("titanium"), ...items("silver", "yearly")] });
    expect(await code(mixed)).toBe("transaction_price_different_billing_cycle");
  });
});
