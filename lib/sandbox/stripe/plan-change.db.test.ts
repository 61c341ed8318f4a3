import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { addMonths, DAY_MS } from "@/lib/billing/timeline/calendar";
import { stripePayer } from "@/tests/support/stripe-payer";

const { stripe, hosted, sandbox, gateway, payer, types, subscribe, mail, used } = stripePayer();

describe("an immediate plan change", () => {
  test("charges an upgrade as previewed, to the cent, and preserves usage", async () => {
    const { id } = await subscribe("silver");
    await gateway.consume(payer.id, "stamps_used", 12_000);
    await sandbox.moveClock(payer.id, { to: Date.now() + 10 * DAY_MS });
    const before = await stripe.subscriptions.retrieve(id);
    const items = [{ id: before.items.data[0]?.id as string, price: "price_mail_titanium_monthly" }];
    const at = Math.floor((await gateway.sandboxClock(payer.id)).now / 1000);
    const preview = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: { items, proration_behavior: "always_invoice", proration_date: at },
    });
    const recurring = await stripe.invoices.createPreview({
      subscription: id,
      preview_mode: "recurring",
      subscription_details: { items, proration_behavior: "none" },
    });
    expect(recurring.total).toBe(3999);
    const after = await stripe.subscriptions.update(id, {
      items,
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
      proration_date: at,
    });
    expect(after.items.data[0]).toMatchObject({ price: { id: "price_mail_titanium_monthly" } });
    const invoice = await stripe.invoices.retrieve(after.latest_invoice as string);
    expect(invoice).toMatchObject({ status: "paid", billing_reason: "subscription_update", total: preview.total });
    expect(preview.lines.data.map(({ amount }) => amount)).toEqual(invoice.lines.data.map(({ amount }) => amount));
    const { current_period_start: start, current_period_end: end } = before.items.data[0] as Stripe.SubscriptionItem;
    const left = (end - at) / (end - start);
    expect(invoice.lines.data.map(({ amount }) => amount)).toEqual([-Math.round(1999 * left), Math.round(3999 * left)]);
    await sandbox.idle();
    expect(types().filter((type) => !type.startsWith("invoice"))).toEqual(["customer.subscription.updated"]);
    expect(await mail()).toMatchObject({ plan: "titanium" });
    expect(await used()).toBe(12_000);
  });

  test("changes nothing by its preview", async () => {
    const { id, customer } = await subscribe("silver");
    const state = await gateway.loadSandboxAccount("stripe", id);
    await stripe.invoices.createPreview({ subscription: id });
    expect(await gateway.loadSandboxAccount("stripe", id)).toMatchObject({ state: state?.state });
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("waits as a pending update after a declined charge, until its invoice is paid", async () => {
    const { id } = await subscribe("silver", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const waiting = await stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_mail_titanium_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    expect(waiting.pending_update).toMatchObject({
      subscription_items: [{ price: { id: "price_mail_titanium_monthly" } }],
    });
    expect(waiting.items.data[0]).toMatchObject({ price: { id: "price_mail_silver_monthly" } });
    await sandbox.idle();
    expect(types()).toContain("invoice.payment_failed");
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
    const invoice = waiting.latest_invoice as string;
    await expect(stripe.invoices.pay(invoice)).rejects.toBeInstanceOf(Stripe.errors.StripeCardError);
    const good = { card: "4242" as const, email: null, name: null, confirmed: false };
    expect(await hosted.payInvoice(sandbox, invoice, good)).toEqual({ outcome: "succeeded" });
    await sandbox.idle();
    expect(types()).toContain("customer.subscription.pending_update_applied");
    expect(await mail()).toMatchObject({ plan: "titanium" });
    await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ code: "invoice_already_paid" });
  });

  test("expires without a payment, and its invoice becomes void", async () => {
    const { id } = await subscribe("silver", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const { latest_invoice } = await stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_mail_titanium_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    await sandbox.moveClock(payer.id, { by: "day" });
    expect((await stripe.invoices.retrieve(latest_invoice as string)).status).toBe("void");
    expect((await stripe.subscriptions.retrieve(id)).pending_update).toBeNull();
    expect(types()).toContain("customer.subscription.pending_update_expired");
  });

  test("with error_if_incomplete throws the SDK's card error and changes nothing", async () => {
    const { id, customer } = await subscribe("silver", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const refused = stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_mail_titanium_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "error_if_incomplete",
    });
    await expect(refused).rejects.toSatisfy(
      (error) => error instanceof Stripe.errors.StripeCardError && error.decline_code === "generic_decline",
    );
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("to yearly begins a new cycle and charges the whole price minus the unused time", async () => {
    const { id } = await subscribe("silver");
    await sandbox.moveClock(payer.id, { to: Date.now() + 10 * DAY_MS });
    const { items } = await stripe.subscriptions.retrieve(id);
    const seconds = async () => Math.floor((await gateway.sandboxClock(payer.id)).now / 1000);
    const asked = await seconds();
    const yearly = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id as string, price: "price_mail_silver_yearly" }],
      billing_cycle_anchor: { type: "now" },
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    const [item] = yearly.items.data;
    expect(item?.current_period_start).toBeGreaterThanOrEqual(asked);
    expect(item?.current_period_start).toBeLessThanOrEqual(await seconds());
    expect(item?.current_period_end).toBe(addMonths((item?.current_period_start as number) * 1000, 12) / 1000);
    expect(yearly.billing_cycle_anchor).toBe(item?.current_period_start);
    const invoice = await stripe.invoices.retrieve(yearly.latest_invoice as string);
    expect(invoice.lines.data.map(({ amount }) => amount > 0)).toEqual([false, true]);
    expect(invoice.lines.data[1]?.amount).toBe(19_990);
    await sandbox.idle();
    expect(await mail()).toMatchObject({ interval: "yearly" });
  });

  test("to a lower plan charges nothing, and the credit pays the next invoices", async () => {
    const { id, customer } = await subscribe("titanium");
    const { items } = await stripe.subscriptions.retrieve(id);
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id as string, price: "price_mail_bronze_monthly" }],
      proration_behavior: "always_invoice",
    });
    const { balance } = (await stripe.customers.retrieve(customer.id)) as Stripe.Customer;
    expect(balance).toBeLessThan(-2_900);
    await sandbox.moveClock(payer.id, { by: "period" });
    const [renewal] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data;
    expect(renewal).toMatchObject({ status: "paid", amount_due: 0, starting_balance: balance, total: 999 });
    expect(((await stripe.customers.retrieve(customer.id)) as Stripe.Customer).balance).toBe(balance + 999);
  });
});
