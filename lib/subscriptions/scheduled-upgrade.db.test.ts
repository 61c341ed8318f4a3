/** An upgrade at Stripe while a downgrade is scheduled for the period's end. */
import { describe, expect, test, vi } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { PlanName } from "@/lib/config/register";
import { carryOutScheduledChanges } from "@/lib/jobs/changes";
import { ProcessorError } from "@/lib/processors/processor-client";
import { stripeAccount } from "@/tests/support/stripe-account";
import { stripePurchaseContext } from "@/tests/support/stripe-purchase-context";
import { changePlan } from "./change";

const account = stripeAccount("undecided");
const { gateway, sandbox, stripe, payer, subscribe, latestInvoice, payInvoice } = account;
const context = stripePurchaseContext(account);
const { client } = await context.getProcessor();

const change = async (plan: PlanName) => {
  const changed = await changePlan(payer.id, { product: "mail", plan, interval: "monthly" }, context);
  await sandbox.idle();
  return changed;
};
const mail = async () => (await gateway.usage(payer.id)).subscriptions.find(({ product }) => product === "mail");
/** The renewal, charged an hour after the period's end; the job runs before it, as it does every few minutes. */
async function renew(id: string) {
  const end = await periodEnd(id);
  await sandbox.moveClock(payer.id, { to: end - 5 * HOUR_MS });
  await carryOutScheduledChanges(gateway, context.getProcessor);
  await sandbox.moveClock(payer.id, { to: end + 2 * HOUR_MS });
}
const periodEnd = async (id: string) =>
  ((await stripe.subscriptions.retrieve(id)).items.data[0]?.current_period_end ?? 0) * 1000;

describe("the scheduled downgrade", () => {
  test("is carried out if the upgrade is never paid", async () => {
    const { id } = await subscribe("3184");
    await change("bronze");
    expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
    expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: "bronze" });
    await sandbox.moveClock(payer.id, { to: Date.now() + DAY_MS });
    expect((await stripe.subscriptions.retrieve(id)).pending_update).toBeNull();
    await renew(id);
    expect(await mail()).toMatchObject({ plan: "bronze", scheduledPlan: null });
  });

  test("is withdrawn when the upgrade is paid later", async () => {
    const { id, customer } = await subscribe("3184");
    await change("bronze");
    await change("titanium");
    await sandbox.moveClock(payer.id, { to: Date.now() + HOUR_MS });
    await payInvoice((await latestInvoice(customer)).id as string, "3184", true);
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
    await renew(id);
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });

  test("is withdrawn by an upgrade that is charged at once", async () => {
    await subscribe("4242");
    await change("bronze");
    expect(await change("titanium")).toMatchObject({ outcome: "pending" });
    expect(await mail()).toMatchObject({ plan: "titanium", scheduledPlan: null });
  });

  test("is carried out if the upgrade's request was lost", async () => {
    const { id } = await subscribe("4242");
    await change("bronze");
    vi.spyOn(client, "change").mockRejectedValueOnce(new ProcessorError("no answer", "unavailable", "timeout"));
    await expect(change("titanium")).rejects.toMatchObject({ problem: "unavailable" });
    expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: "bronze" });
    await renew(id);
    expect(await mail()).toMatchObject({ plan: "bronze" });
  });

  test("is withdrawn by an upgrade in the last hours before the renewal, paid or unpaid", async () => {
    const { id } = await subscribe("3184");
    await change("bronze");
    await sandbox.moveClock(payer.id, { to: (await periodEnd(id)) - 5 * HOUR_MS });
    expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
    expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: null });
  });
});
