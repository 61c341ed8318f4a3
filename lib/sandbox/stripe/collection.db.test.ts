/** Renewals while the collection is paused, and with sent invoices. */
import type Stripe from "stripe";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, delivered, pay } = createFakeStripe(gateway);

let users = 0;
let user = "";
afterEach(() => sandbox.idle());
beforeEach(() => {
  users += 1;
  user = `collected-${users}`;
});

async function subscribe(card: "4242" | "0341" = "4242"): Promise<{ id: string; customer: string }> {
  const { id: customer } = await stripe.customers.create({ metadata: { user_id: user } });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
    subscription_data: { metadata: { user_id: user } },
    success_url: "http://localhost:3000/billing",
  });
  await pay(session.id, { card });
  const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
  delivered.length = 0;
  return { id: subscription as string, customer };
}

async function mail() {
  const found = (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  const { plan, status, meters } = found;
  const words = meters.find(({ field }) => field === "stamps_used");
  return { plan, status, used: words?.used, remaining: words?.remaining };
}

const latestInvoice = async (customer: string) =>
  (await stripe.invoices.list({ customer, limit: 1 })).data[0] as Stripe.Invoice;
const types = () => delivered.map(({ type }) => type);
const now = async () => (await gateway.sandboxClock(user)).now;

describe("a renewal while the collection is paused", () => {
  test.each([
    ["void", "void", "invoice.voided", 0],
    ["mark_uncollectible", "uncollectible", "invoice.marked_uncollectible", 15_000],
    ["keep_as_draft", "draft", "invoice.created", 15_000],
  ] as const)("by %s makes the invoice %s", async (behavior, status, last, remaining) => {
    const { id, customer } = await subscribe();
    await gateway.consume(user, "stamps_used", 15_000);
    await stripe.subscriptions.update(id, { pause_collection: { behavior } });
    await sandbox.idle();
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    expect(await latestInvoice(customer)).toMatchObject({
      billing_reason: "subscription_cycle",
      status,
      auto_advance: false,
      amount_paid: 0,
    });
    expect(types().at(-1)).toBe(last);
    expect(types()).not.toContain("invoice.paid");
    expect(await mail()).toEqual({ plan: "silver", status: "active", used: 0, remaining });
  });

  test("a draft from before the pause stays a draft", async () => {
    const { id, customer } = await subscribe();
    const { current_period_end: end } = (await stripe.subscriptions.retrieve(id)).items.data[0] as {
      current_period_end: number;
    };
    await sandbox.moveClock(user, { to: end * 1000 });
    expect(await latestInvoice(customer)).toMatchObject({ status: "draft", auto_advance: true });
    await stripe.subscriptions.update(id, { pause_collection: { behavior: "keep_as_draft" } });
    await sandbox.moveClock(user, { by: "day" });
    const held = await latestInvoice(customer);
    expect(held).toMatchObject({ status: "draft", auto_advance: false, automatically_finalizes_at: null });
  });
});

describe("a sent invoice", () => {
  const send = (id: string) =>
    stripe.subscriptions.update(id, { collection_method: "send_invoice", days_until_due: 10 });

  test("is open until its due date: a failed attempt before makes no debt, the date does", async () => {
    const { id, customer } = await subscribe("0341");
    expect(await send(id)).toMatchObject({ collection_method: "send_invoice", days_until_due: 10 });
    await gateway.consume(user, "stamps_used", 15_000);
    await sandbox.idle();
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual(["customer.subscription.updated", "invoice.created", "invoice.finalized", "invoice.sent"]);
    const sent = await latestInvoice(customer);
    expect(sent).toMatchObject({ status: "open", collection_method: "send_invoice", attempt_count: 0 });
    expect(sent.due_date).toBe((sent.status_transitions.finalized_at as number) + 10 * 86_400);
    await expect(stripe.invoices.pay(sent.id)).rejects.toMatchObject({ code: "card_declined" });
    await sandbox.idle();
    expect(types().at(-1)).toBe("invoice.payment_failed");
    expect((await latestInvoice(customer)).next_payment_attempt).toBeNull();
    expect(await mail()).toEqual({ plan: "silver", status: "active", used: 0, remaining: 15_000 });

    delivered.length = 0;
    await sandbox.moveClock(user, { to: (await now()) + 11 * DAY_MS });
    expect(types()).toEqual(["invoice.overdue", "customer.subscription.updated"]);
    expect(await mail()).toMatchObject({ plan: "silver", status: "past_due", remaining: 0 });

    const paid = await stripe.invoices.pay(sent.id, { paid_out_of_band: true });
    expect(paid).toMatchObject({ status: "paid", amount_due: 1_999, attempt_count: 1 });
    await sandbox.idle();
    expect(types().slice(-3)).toEqual(["invoice.paid", "invoice.payment_succeeded", "customer.subscription.updated"]);
    expect(await mail()).toEqual({ plan: "silver", status: "active", used: 0, remaining: 15_000 });
  });

  test("that is paid in time never becomes overdue", async () => {
    const { id, customer } = await subscribe();
    await send(id);
    await sandbox.moveClock(user, { by: "period" });
    await stripe.invoices.pay((await latestInvoice(customer)).id);
    delivered.length = 0;
    await sandbox.moveClock(user, { to: (await now()) + 11 * DAY_MS });
    expect(types()).not.toContain("invoice.overdue");
    expect(await mail()).toMatchObject({ plan: "silver", status: "active" });
  });

  test("follows a plan change, which is refused if it must wait for a payment", async () => {
    const { id, customer } = await subscribe();
    await send(id);
    const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
    const items = [{ id: item?.id as string, price: "price_mail_titanium_monthly" }];
    const change = { items, proration_behavior: "always_invoice" } as const;
    await expect(
      stripe.subscriptions.update(id, { ...change, payment_behavior: "pending_if_incomplete" }),
    ).rejects.toMatchObject({ param: "payment_behavior" });
    await stripe.subscriptions.update(id, change);
    await sandbox.idle();
    expect(types().at(-1)).toBe("invoice.sent");
    expect(await latestInvoice(customer)).toMatchObject({ status: "open", billing_reason: "subscription_update" });
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
  });

  test("needs days until it is due; a charged one has none", async () => {
    const { id } = await subscribe();
    await expect(stripe.subscriptions.update(id, { collection_method: "send_invoice" })).rejects.toMatchObject({
      param: "days_until_due",
    });
    await expect(stripe.subscriptions.update(id, { days_until_due: 10 })).rejects.toMatchObject({
      param: "days_until_due",
    });
    await send(id);
    const charged = await stripe.subscriptions.update(id, { collection_method: "charge_automatically" });
    expect(charged).toMatchObject({ collection_method: "charge_automatically", days_until_due: null });
  });
});
