import { describe, expect, test } from "vitest";
import { DAY_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { PAID, paddlePayer, RENEWAL } from "@/tests/support/paddle-payer";

const { sandbox, sdk, delivered, gateway, payer, items, subscribe, mail, used, now, types, code } = paddlePayer();

describe("a cancellation or a pause", () => {
  test("at the period's end is scheduled, locks other changes, can be undone, and takes effect", async () => {
    const { id } = await subscribe();
    const ending = await sdk().subscriptions.cancel(id, { effectiveFrom: "next_billing_period" });
    expect(ending).toMatchObject({ status: "active", nextBilledAt: null, scheduledChange: { action: "cancel" } });
    expect(ending.scheduledChange?.effectiveAt).toBe(ending.currentBillingPeriod?.endsAt);
    const change = sdk().subscriptions.update(id, { items: items("titanium"), prorationBillingMode: "do_not_bill" });
    expect(await code(change)).toBe("subscription_locked_pending_changes");
    expect((await sdk().subscriptions.update(id, { scheduledChange: null })).scheduledChange).toBeNull();
    await sdk().subscriptions.cancel(id);
    await sandbox.idle();
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual(["subscription.updated", "subscription.canceled"]);
    expect(delivered.at(-1)?.data).toMatchObject({ status: "canceled", current_billing_period: null });
    expect(await mail()).toMatchObject({ plan: "free" });
    expect(await code(sdk().subscriptions.cancel(id))).toBe("subscription_is_canceled_action_invalid");
    expect(await code(sdk().subscriptions.resume(id, { effectiveFrom: "immediately" }))).toBe(
      "subscription_is_canceled_action_invalid",
    );
    expect(
      await code(sdk().subscriptions.update(id, { items: items("titanium"), prorationBillingMode: "do_not_bill" })),
    ).toBe("subscription_update_when_canceled");
  });

  test("begins with the period's end; a resume begins a new period and charges it at once", async () => {
    const { id } = await subscribe();
    await sdk().subscriptions.pause(id, { effectiveFrom: "next_billing_period" });
    await sandbox.idle();
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()).toEqual(["subscription.updated", "subscription.paused"]);
    expect(await mail()).toMatchObject({ plan: "free" });
    await sandbox.moveClock(payer.id, { by: "day" });
    delivered.length = 0;
    await sdk().subscriptions.resume(id, { effectiveFrom: "immediately" });
    await sandbox.idle();
    expect(types()).toEqual(["subscription.updated", "subscription.resumed", ...RENEWAL.slice(1), ...PAID]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    expect(await code(sdk().subscriptions.resume(id, { effectiveFrom: "immediately" }))).toBe(
      "subscription_must_be_paused",
    );
    expect(await code(sdk().subscriptions.activate(id))).toBe("subscription_cannot_activate");
  });

  test("resets the usage by a resume within the period that is paid in full", async () => {
    const { id } = await subscribe();
    await gateway.consume(payer.id, "stamps_used", 14_000);
    await sandbox.moveClock(payer.id, { to: (await now()) + 10 * DAY_MS });
    await sdk().subscriptions.pause(id, { effectiveFrom: "immediately" });
    await sandbox.idle();
    await sandbox.moveClock(payer.id, { by: "day" });
    delivered.length = 0;
    await sdk().subscriptions.resume(id, { effectiveFrom: "immediately" });
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const proration = { rate: "1", billing_period: data.billing_period };
    expect(data).toMatchObject({
      origin: "subscription_recurring",
      items: [{ proration }],
      details: {
        totals: { total: "1999", credit: "0", credit_to_balance: "0", balance: "0", grand_total: "1999" },
        line_items: [{ proration, totals: { total: "1999" } }],
      },
    });
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    expect(await used()).toBe(0);
  });

  test("until a date ends at that date", async () => {
    const { id } = await subscribe();
    const resumeAt = new Date((await now()) + 5 * DAY_MS).toISOString();
    await sdk().subscriptions.pause(id, { effectiveFrom: "immediately", resumeAt });
    expect((await sdk().subscriptions.get(id)).scheduledChange).toMatchObject({ action: "resume" });
    await sandbox.moveClock(payer.id, { to: (await now()) + 6 * DAY_MS });
    expect((await sdk().subscriptions.get(id)).status).toBe("active");
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("is refused in the last half hour before a renewal, like every change", async () => {
    const { id } = await subscribe();
    const end = Date.parse((await sdk().subscriptions.get(id)).currentBillingPeriod?.endsAt as string);
    await sandbox.moveClock(payer.id, { to: end - 29 * MINUTE_MS });
    const change = sdk().subscriptions.update(id, { items: items("titanium"), prorationBillingMode: "do_not_bill" });
    expect(await code(change)).toBe("subscription_locked_renewal");
  });
});
