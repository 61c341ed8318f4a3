/** Previews of a Stripe subscription, compared with the sandbox's later charges. */
import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import type { PlanName } from "@/lib/config/register";
import { stripeAccount } from "@/tests/support/stripe-account";
import { stripePurchaseContext } from "@/tests/support/stripe-purchase-context";
import { changePlan, previewChange } from "./change";
import { duePaymentOf } from "./invoices";

const account = stripeAccount("previewer");
const { sandbox, stripe, payer, subscribe, latestInvoice, mail, holdDeliveries } = account;
const context = stripePurchaseContext(account);

const to = (plan: PlanName, interval: Interval = "monthly") => ({ product: "mail" as const, plan, interval });
const preview = (plan: PlanName, interval?: Interval) => previewChange(payer.id, to(plan, interval), context);
const change = async (plan: PlanName, interval?: Interval) => {
  const changed = await changePlan(payer.id, to(plan, interval), context);
  await sandbox.idle();
  return changed;
};
const code = async (name: string) =>
  (await stripe.promotionCodes.list({ code: name, active: true, limit: 1 })).data[0]?.id as string;
const wait = (at: number) => sandbox.moveClock(payer.id, { to: at });
/** The invoice of the renewal, charged an hour after the period's end. */
const renewal = async (customer: string, periodEnd: string) => {
  await wait(Date.parse(periodEnd) + 2 * HOUR_MS);
  return latestInvoice(customer);
};

test("an upgrade in a trial charges nothing today, and the new price when the trial ends", async () => {
  const { customer } = await subscribe("4242", {
    subscription_data: { metadata: { user_id: payer.id }, trial_period_days: 14 },
  });
  const shown = await preview("titanium");
  expect(shown).toMatchObject({ dueNow: null, nextCharge: { amount: 3_999 } });
  await change("titanium");
  expect(await latestInvoice(customer)).toMatchObject({ total: 0 });
  const at = shown.nextCharge?.at as string;
  expect(await renewal(customer, at)).toMatchObject({ total: 3_999, created: Date.parse(at) / 1000 });
});

test("the month after a discount has ended is previewed and charged at the full price", async () => {
  const start = Date.now();
  const { customer } = await subscribe("4242", { discounts: [{ promotion_code: await code("HALF3") }] });
  for (const month of [1, 2]) await wait(addMonths(start, month) + 2 * HOUR_MS);
  const shown = await preview("bronze");
  expect(shown).toMatchObject({ nextCharge: { amount: 999 }, discounts: [] });
  await change("bronze");
  expect(await renewal(customer, shown.nextCharge?.at as string)).toMatchObject({ total: 999 });
});

test("after a switch from yearly to a higher monthly plan the next invoice is due after a month", async () => {
  const { customer, id } = await subscribe("4242", {
    line_items: [{ price: "price_mail_bronze_yearly", quantity: 1 }],
  });
  await wait(Date.now() + 10 * DAY_MS);
  const shown = await preview("titanium");
  await change("titanium");
  const at = ((await stripe.subscriptions.retrieve(id)).items.data[0]?.current_period_end ?? 0) * 1000;
  // The sandbox's clock continues between the two requests.
  expect(Math.abs(Date.parse(shown.nextCharge?.at as string) - at)).toBeLessThan(HOUR_MS);
  expect(await renewal(customer, new Date(at).toISOString())).toMatchObject({ billing_reason: "subscription_cycle" });
});

test("a discount for one charge does not continue", async () => {
  await subscribe("4242", { discounts: [{ promotion_code: await code("WELCOME") }] });
  expect(await preview("titanium")).toMatchObject({ discounts: [], nextCharge: { amount: 3_999 } });
});

describe("an upgrade that waits for its payment", () => {
  test("is previewed later at the price of its invoice", async () => {
    const { customer } = await subscribe("3184");
    expect(await change("titanium")).toMatchObject({ outcome: "payment_needed" });
    const { amount_due } = await latestInvoice(customer);
    await wait(Date.now() + 12 * HOUR_MS);
    expect(await preview("titanium")).toMatchObject({ dueNow: { amount: amount_due } });
  });

  test("is not opened by *Fix payment* while a renewal is owed", async () => {
    const { customer, id, item } = await subscribe("3184");
    await sandbox.moveClock(payer.id, { by: "period" });
    const debt = await latestInvoice(customer);
    await stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_mail_titanium_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    expect((await latestInvoice(customer)).id).not.toBe(debt.id);
    expect(await duePaymentOf(payer.id, "mail", context)).toEqual({ url: debt.hosted_invoice_url });
  });
});

describe("three equal changes at once", () => {
  test("with an outstanding payment have one open invoice", async () => {
    const { customer } = await subscribe("3184");
    const changes = await Promise.all([change("titanium"), change("titanium"), change("titanium")]);
    const { hosted_invoice_url } = await latestInvoice(customer);
    expect(changes.map(({ url }) => url)).toEqual([hosted_invoice_url, hosted_invoice_url, hosted_invoice_url]);
    expect((await stripe.invoices.list({ customer })).data.map(({ status }) => status)).toEqual(["open", "paid"]);
  });

  test("with an immediate charge have one invoice", async () => {
    const { customer } = await subscribe("4242");
    const yearly = () => changePlan(payer.id, to("silver", "yearly"), context);
    // A request after the webhook of another one would find the change done.
    const release = holdDeliveries();
    const changes = await Promise.all([yearly(), yearly(), yearly()]).finally(release);
    expect(changes.map(({ outcome }) => outcome)).toEqual(["pending", "pending", "pending"]);
    await sandbox.idle();
    expect(await mail()).toMatchObject({ plan: "silver", interval: "yearly" });
    expect((await stripe.invoices.list({ customer })).data).toHaveLength(2);
  });
});
