import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import { PAID, paddlePayer, RENEWAL } from "@/tests/support/paddle-payer";

const { sandbox, sdk, delivered, gateway, payer, items, subscribe, mail, used, now, types, code } = paddlePayer();

describe("a change of items", () => {
  test("charges an upgrade as previewed, to the cent, and preserves usage", async () => {
    const { id } = await subscribe("silver");
    await gateway.consume(payer.id, "stamps_used", 12_000);
    await sandbox.moveClock(payer.id, { to: (await now()) + 10 * DAY_MS });
    const change = { items: items("titanium"), prorationBillingMode: "prorated_immediately" } as const;
    const preview = await sdk().subscriptions.previewUpdate(id, change);
    const after = await sdk().subscriptions.update(id, change);
    await sandbox.idle();
    expect(after.items).toMatchObject([{ price: { id: "pri_mail_titanium_monthly" } }]);
    expect(after.currentBillingPeriod).toEqual(preview.currentBillingPeriod);
    expect(types()).toEqual([...RENEWAL, ...PAID]);
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    expect(data).toMatchObject({ origin: "subscription_update", subscription_id: id });
    const charged = await sdk().transactions.get(data.id);
    const { grandTotal } = charged.details?.totals ?? {};
    expect(grandTotal).toBe(preview.immediateTransaction?.details.totals.grandTotal);
    expect(charged.billingPeriod?.endsAt).toBe(after.currentBillingPeriod?.endsAt);
    const [credit, charge] = charged.details?.lineItems ?? [];
    expect(credit).toMatchObject({ priceId: "pri_mail_silver_monthly", quantity: -1 });
    const rate = Number(charge?.proration?.rate);
    expect(Number(credit?.totals?.total)).toBeCloseTo(-1999 * rate, -0.5);
    expect(Number(charge?.totals?.total)).toBeCloseTo(3999 * rate, -0.5);
    expect(preview.updateSummary?.result).toMatchObject({ action: "charge", amount: grandTotal });
    expect(preview.recurringTransactionDetails?.totals.grandTotal).toBe("3999");
    expect(await mail()).toMatchObject({ plan: "titanium" });
    expect(await used()).toBe(12_000);
  });

  test("changes nothing by its preview", async () => {
    const { id } = await subscribe();
    const state = await gateway.loadSandboxAccount("paddle", id);
    await sdk().subscriptions.previewUpdate(id, {
      items: items("bronze", "yearly"),
      prorationBillingMode: "prorated_immediately",
    });
    expect(await gateway.loadSandboxAccount("paddle", id)).toMatchObject({ state: state?.state });
  });

  test("with a declined charge is Paddle's error and changes nothing, or is applied and past due", async () => {
    const { id } = await subscribe("silver", "monthly", "0341");
    const change = { items: items("titanium"), prorationBillingMode: "prorated_immediately" } as const;
    const refused = sdk().subscriptions.update(id, { ...change, onPaymentFailure: "prevent_change" });
    expect(await code(refused)).toBe("subscription_payment_declined");
    await sandbox.idle();
    expect(types()).toEqual([]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    await sdk().subscriptions.update(id, { ...change, onPaymentFailure: "apply_change" });
    await sandbox.idle();
    expect(types().at(-1)).toBe("subscription.past_due");
    expect((await sdk().subscriptions.get(id)).status).toBe("past_due");
  });

  test("to yearly begins a new period and charges the whole price minus the unused time", async () => {
    const { id } = await subscribe();
    await sandbox.moveClock(payer.id, { to: (await now()) + 10 * DAY_MS });
    const at = await now();
    const yearly = await sdk().subscriptions.update(id, {
      items: items("silver", "yearly"),
      prorationBillingMode: "prorated_immediately",
    });
    const start = Date.parse(yearly.currentBillingPeriod?.startsAt as string);
    expect(start).toBeGreaterThanOrEqual(at - SECOND_MS);
    expect(start).toBeLessThanOrEqual(await now());
    expect(Date.parse(yearly.currentBillingPeriod?.endsAt as string)).toBe(addMonths(start, 12));
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const lines = (await sdk().transactions.get(data.id)).details?.lineItems.map(({ totals }) => Number(totals?.total));
    expect(lines?.[1]).toBe(19_990);
    expect(lines?.[0]).toBeLessThan(-1_000);
    expect(await mail()).toMatchObject({ interval: "yearly" });
  });

  test("to a lower plan, prorated, charges nothing, and the credit pays the renewals", async () => {
    const { id } = await subscribe("titanium");
    await sdk().subscriptions.update(id, { items: items("bronze"), prorationBillingMode: "prorated_immediately" });
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const { details, payments } = await sdk().transactions.get(data.id);
    expect(Number(details?.totals?.creditToBalance)).toBe(3_000);
    expect(payments).toEqual([]);
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { by: "period" });
    const renewal = delivered.find(({ type }) => type === "transaction.completed");
    expect(renewal?.data).toMatchObject({ details: { totals: { total: "999", credit: "999", grand_total: "0" } } });
  });

  test("for the next period charges nothing now and adds a line to the renewal", async () => {
    const { id } = await subscribe("silver");
    await sdk().subscriptions.update(id, {
      items: items("titanium"),
      prorationBillingMode: "prorated_next_billing_period",
    });
    await sandbox.idle();
    expect(types()).toEqual(["subscription.updated"]);
    await sandbox.moveClock(payer.id, { by: "period" });
    const renewal = delivered.find(({ type }) => type === "transaction.completed");
    expect(renewal?.data).toMatchObject({ details: { line_items: [{}, {}, { totals: { total: "3999" } }] } });
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });
});
