import Stripe from "stripe";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { addMonths, DAY, HOUR } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, delivered, pay, hosted } = createFakeStripe(gateway);

let users = 0;
let user = "";
// What a test began to deliver must not come in during the next.
afterEach(() => sandbox.idle());
beforeEach(() => {
  users += 1;
  user = `payer-${users}`;
  delivered.length = 0;
});

const types = () => delivered.map(({ type }) => type);
const ITEM = (plan: string, interval = "monthly") => ({ price: `price_writer_${plan}_${interval}`, quantity: 1 });

async function openCheckout(options: Partial<Stripe.Checkout.SessionCreateParams> = {}) {
  const customer = await stripe.customers.create({ email: `${user}@example.com`, metadata: { user_id: user } });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer: customer.id,
    line_items: [ITEM("plus")],
    metadata: { user_id: user },
    subscription_data: { metadata: { user_id: user } },
    success_url: "http://localhost:3000/billing?session={CHECKOUT_SESSION_ID}",
    cancel_url: "http://localhost:3000/pricing",
    ...options,
  });
  return { customer, session };
}

async function subscribe(plan = "plus", interval = "monthly", card: "4242" | "0341" = "4242") {
  const { customer, session } = await openCheckout({ line_items: [ITEM(plan, interval)] });
  await pay(session.id, { card });
  const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
  await sandbox.idle();
  delivered.length = 0;
  return { customer, session, id: subscription as string };
}

async function writer() {
  const { subscriptions } = await gateway.usage(user);
  const found = subscriptions.find(({ product }) => product === "writer");
  if (!found) throw new Error("no writer");
  return found;
}
const used = async () => (await writer()).meters.find(({ field }) => field === "words_used")?.used;

describe("a checkout", () => {
  test("paid: the subscription begins, events come in Stripe's order, and the plan is there", async () => {
    const { session } = await openCheckout();
    expect(session).toMatchObject({ status: "open", payment_status: "unpaid", subscription: null });
    expect(session.url).toBe(`http://localhost:3000/sandbox/stripe/checkout/${session.id}`);
    expect(await pay(session.id)).toEqual({ outcome: "succeeded" });
    expect(types()).toEqual([
      "customer.created",
      "payment_method.attached",
      "customer.subscription.created",
      "invoice.created",
      "invoice.finalized",
      "customer.subscription.updated",
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "checkout.session.completed",
    ]);
    const [updated] = delivered.filter(({ type }) => type === "customer.subscription.updated");
    expect(updated?.previous).toEqual({ status: "incomplete" });
    expect(await writer()).toMatchObject({ plan: "plus", status: "active", processor: "stripe" });
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "invoice"] });
    expect(done).toMatchObject({ status: "complete", payment_status: "paid", url: null });
    expect(done.subscription).toMatchObject({ object: "subscription", status: "active" });
    expect(done.invoice).toMatchObject({ status: "paid", amount_paid: 1999, billing_reason: "subscription_create" });
  });

  test("declined: nothing has begun, and another card goes through", async () => {
    const { session } = await openCheckout();
    expect(await pay(session.id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(types()).toEqual(["customer.created"]);
    expect(await pay(session.id, { card: "3155" })).toEqual({ outcome: "requires_action" });
    expect(await pay(session.id, { card: "3155", confirmed: true })).toEqual({ outcome: "succeeded" });
    expect(await writer()).toMatchObject({ plan: "plus" });
  });

  test("twice at once, in two tabs: one subscription", async () => {
    const { customer, session } = await openCheckout();
    const both = await Promise.all([pay(session.id), pay(session.id)]);
    expect(both.map((paid) => paid?.outcome).sort()).toEqual(["complete", "succeeded"]);
    expect((await stripe.subscriptions.list({ customer: customer.id })).data).toHaveLength(1);
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("expired, by hand or after a day, cannot be paid", async () => {
    const one = await openCheckout();
    expect((await stripe.checkout.sessions.expire(one.session.id)).status).toBe("expired");
    expect(await pay(one.session.id)).toEqual({ outcome: "expired" });
    await expect(stripe.checkout.sessions.expire(one.session.id)).rejects.toBeInstanceOf(
      Stripe.errors.StripeInvalidRequestError,
    );
    const other = await stripe.checkout.sessions.create({
      mode: "subscription",
      customer: one.customer.id,
      line_items: [ITEM("plus")],
      success_url: "http://localhost:3000/billing",
    });
    await sandbox.moveClock(user, { to: Date.now() + 25 * HOUR });
    expect((await stripe.checkout.sessions.retrieve(other.id)).status).toBe("expired");
    expect(types()).toContain("checkout.session.expired");
  });

  test("with a trial: nothing is due, the end is announced, then it is charged", async () => {
    const start = Date.now();
    const { session } = await openCheckout({
      subscription_data: { metadata: { user_id: user }, trial_period_days: 14 },
    });
    await pay(session.id);
    expect(await writer()).toMatchObject({ plan: "plus", status: "trialing" });
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe("no_payment_required");
    delivered.length = 0;
    await sandbox.moveClock(user, { to: start + 12 * DAY });
    expect(types()).toEqual(["customer.subscription.trial_will_end"]);
    delivered.length = 0;
    await sandbox.moveClock(user, { to: start + 15 * DAY });
    expect(types()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
    ]);
    expect(delivered[0]?.previous).toMatchObject({ status: "trialing" });
    expect(await writer()).toMatchObject({ status: "active" });
  });

  test("with a trial and no card pauses at its end, and is resumed with one", async () => {
    const start = Date.now();
    const { customer, session } = await openCheckout({
      payment_method_collection: "if_required",
      subscription_data: {
        metadata: { user_id: user },
        trial_period_days: 7,
        trial_settings: { end_behavior: { missing_payment_method: "pause" } },
      },
    });
    expect(await pay(session.id, { card: null })).toEqual({ outcome: "succeeded" });
    expect(await writer()).toMatchObject({ plan: "plus", status: "trialing" });
    await sandbox.moveClock(user, { to: start + 8 * DAY });
    expect(types().slice(-2)).toEqual(["customer.subscription.updated", "customer.subscription.paused"]);
    expect(await writer()).toMatchObject({ plan: "free" });
    const id = (await stripe.checkout.sessions.retrieve(session.id)).subscription as string;
    expect((await stripe.subscriptions.retrieve(id)).status_details).toMatchObject({
      paused: { subscription: { type: "trial_end_without_payment_method" } },
    });
    const resume = () =>
      stripe.subscriptions.resume(id, {
        billing_cycle_anchor: { type: "now" },
        payment_behavior: "resume_on_payment_success",
      });
    await expect(resume()).rejects.toThrow("no attached payment source or default payment method");
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer.id });
    await hosted.changeCard(sandbox, portal, { card: "4242", email: null, name: null, confirmed: false });
    expect((await resume()).status).toBe("active");
    await sandbox.idle();
    expect(types().at(-1)).toBe("customer.subscription.resumed");
    expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
    await expect(resume()).rejects.toMatchObject({ param: "id" });
  });

  test("that needs a card cannot be had without one", async () => {
    const { session } = await openCheckout();
    expect(await pay(session.id, { card: null })).toMatchObject({ outcome: "declined" });
  });

  test("without a customer makes one when it is paid", async () => {
    const session = await stripe.checkout.sessions.create({
      mode: "subscription",
      line_items: [ITEM("basic")],
      customer_email: "new@example.com",
      client_reference_id: user,
      metadata: { user_id: user },
      subscription_data: { metadata: { user_id: user } },
      success_url: "http://localhost:3000/billing",
    });
    expect(session.customer).toBeNull();
    await pay(session.id, { email: null });
    const { customer } = await stripe.checkout.sessions.retrieve(session.id, { expand: ["customer"] });
    expect(customer).toMatchObject({ object: "customer", email: "new@example.com", metadata: {} });
    expect(await writer()).toMatchObject({ plan: "basic" });
  });
});

describe("a plan change now", () => {
  test("upgrade: the preview is what is charged, to the cent; usage is preserved", async () => {
    const { id } = await subscribe("plus");
    await gateway.consume(user, "words_used", 12_000);
    await sandbox.moveClock(user, { to: Date.now() + 10 * DAY });
    const before = await stripe.subscriptions.retrieve(id);
    const items = [{ id: before.items.data[0]?.id as string, price: "price_writer_ultra_monthly" }];
    const at = Math.floor((await gateway.sandboxClock(user)).now / 1000);
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
    expect(after.items.data[0]).toMatchObject({ price: { id: "price_writer_ultra_monthly" } });
    const invoice = await stripe.invoices.retrieve(after.latest_invoice as string);
    expect(invoice).toMatchObject({ status: "paid", billing_reason: "subscription_update", total: preview.total });
    expect(preview.lines.data.map(({ amount }) => amount)).toEqual(invoice.lines.data.map(({ amount }) => amount));
    const { current_period_start: start, current_period_end: end } = before.items.data[0] as Stripe.SubscriptionItem;
    const left = (end - at) / (end - start);
    expect(invoice.lines.data.map(({ amount }) => amount)).toEqual([-Math.round(1999 * left), Math.round(3999 * left)]);
    await sandbox.idle();
    expect(types().filter((type) => !type.startsWith("invoice"))).toEqual(["customer.subscription.updated"]);
    expect(await writer()).toMatchObject({ plan: "ultra" });
    expect(await used()).toBe(12_000);
  });

  test("a preview moves nothing", async () => {
    const { id, customer } = await subscribe("plus");
    const state = await gateway.loadSandboxAccount("stripe", id);
    await stripe.invoices.createPreview({ subscription: id });
    expect(await gateway.loadSandboxAccount("stripe", id)).toMatchObject({ state: state?.state });
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("that is declined waits as a pending update, and comes when its invoice is paid", async () => {
    const { id } = await subscribe("plus", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const waiting = await stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_writer_ultra_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    expect(waiting.pending_update).toMatchObject({
      subscription_items: [{ price: { id: "price_writer_ultra_monthly" } }],
    });
    expect(waiting.items.data[0]).toMatchObject({ price: { id: "price_writer_plus_monthly" } });
    await sandbox.idle();
    expect(types()).toContain("invoice.payment_failed");
    expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
    const invoice = waiting.latest_invoice as string;
    await expect(stripe.invoices.pay(invoice)).rejects.toBeInstanceOf(Stripe.errors.StripeCardError);
    const good = { card: "4242" as const, email: null, name: null, confirmed: false };
    expect(await hosted.payInvoice(sandbox, invoice, good)).toEqual({ outcome: "succeeded" });
    await sandbox.idle();
    expect(types()).toContain("customer.subscription.pending_update_applied");
    expect(await writer()).toMatchObject({ plan: "ultra" });
    await expect(stripe.invoices.pay(invoice)).rejects.toMatchObject({ code: "invoice_already_paid" });
  });

  test("that is never paid runs out, and its invoice is void", async () => {
    const { id } = await subscribe("plus", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const { latest_invoice } = await stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_writer_ultra_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "pending_if_incomplete",
    });
    await sandbox.moveClock(user, { by: "day" });
    expect((await stripe.invoices.retrieve(latest_invoice as string)).status).toBe("void");
    expect((await stripe.subscriptions.retrieve(id)).pending_update).toBeNull();
    expect(types()).toContain("customer.subscription.pending_update_expired");
  });

  test("that must be paid or fail throws the SDK's card error, and nothing has happened", async () => {
    const { id, customer } = await subscribe("plus", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const refused = stripe.subscriptions.update(id, {
      items: [{ id: item, price: "price_writer_ultra_monthly" }],
      proration_behavior: "always_invoice",
      payment_behavior: "error_if_incomplete",
    });
    await expect(refused).rejects.toSatisfy(
      (error) => error instanceof Stripe.errors.StripeCardError && error.decline_code === "generic_decline",
    );
    expect((await stripe.invoices.list({ customer: customer.id })).data).toHaveLength(1);
  });

  test("to a year begins a new cycle and charges it whole, less what was unused", async () => {
    const { id } = await subscribe("plus");
    await sandbox.moveClock(user, { to: Date.now() + 10 * DAY });
    const { items } = await stripe.subscriptions.retrieve(id);
    const seconds = async () => Math.floor((await gateway.sandboxClock(user)).now / 1000);
    const asked = await seconds();
    const yearly = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id as string, price: "price_writer_plus_yearly" }],
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
    expect(await writer()).toMatchObject({ interval: "yearly" });
  });

  test("down with a credit: nothing is charged, and the next invoices take it from the balance", async () => {
    const { id, customer } = await subscribe("ultra");
    const { items } = await stripe.subscriptions.retrieve(id);
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id as string, price: "price_writer_basic_monthly" }],
      proration_behavior: "always_invoice",
    });
    const { balance } = (await stripe.customers.retrieve(customer.id)) as Stripe.Customer;
    expect(balance).toBeLessThan(-2_900);
    await sandbox.moveClock(user, { by: "period" });
    const [renewal] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data;
    expect(renewal).toMatchObject({ status: "paid", amount_due: 0, starting_balance: balance, total: 999 });
    expect(((await stripe.customers.retrieve(customer.id)) as Stripe.Customer).balance).toBe(balance + 999);
  });
});

describe("a schedule", () => {
  const phases = (subscription: Stripe.Subscription, price: string) => {
    const [item] = subscription.items.data as [Stripe.SubscriptionItem];
    return [
      {
        items: [{ price: item.price.id, quantity: 1 }],
        start_date: item.current_period_start,
        end_date: item.current_period_end,
        proration_behavior: "none" as const,
      },
      {
        items: [{ price, quantity: 1 }],
        duration: { interval: "month" as const, interval_count: 1 },
        proration_behavior: "none" as const,
      },
    ];
  };

  test("carries out a downgrade with the renewal, then lets go", async () => {
    const { id } = await subscribe("ultra");
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const subscription = await stripe.subscriptions.retrieve(id);
    expect(subscription.schedule).toBe(schedule.id);
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: "release",
      phases: phases(subscription, "price_writer_basic_monthly"),
    });
    const held = stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await expect(held).rejects.toMatchObject({ param: "cancel_at_period_end" });
    await sandbox.idle();
    expect(await writer()).toMatchObject({ plan: "ultra" });
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    expect(types()[0]).toBe("customer.subscription.updated");
    expect(await writer()).toMatchObject({ plan: "basic", status: "active" });
    expect((await stripe.invoices.list({ customer: subscription.customer as string, limit: 1 })).data[0]?.total).toBe(
      999,
    );
    await sandbox.moveClock(user, { by: "period" });
    expect((await stripe.subscriptions.retrieve(id)).schedule).toBeNull();
    expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe("released");
    expect(await writer()).toMatchObject({ plan: "basic" });
  });

  test("released, changes nothing", async () => {
    const { id } = await subscribe("ultra");
    const { id: schedule } = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const subscription = await stripe.subscriptions.retrieve(id);
    await stripe.subscriptionSchedules.update(schedule, { phases: phases(subscription, "price_writer_basic_monthly") });
    expect((await stripe.subscriptionSchedules.release(schedule)).status).toBe("released");
    await sandbox.moveClock(user, { by: "period" });
    expect(await writer()).toMatchObject({ plan: "ultra" });
  });
});

describe("an end", () => {
  test("at the period's end is announced, can be taken back, and comes", async () => {
    const { id } = await subscribe();
    const ending = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    expect(ending).toMatchObject({ cancel_at_period_end: true, cancel_at: ending.items.data[0]?.current_period_end });
    expect((await stripe.subscriptions.update(id, { cancel_at_period_end: false })).cancel_at).toBeNull();
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await sandbox.moveClock(user, { by: "period" });
    expect(types().at(-1)).toBe("customer.subscription.deleted");
    expect(await writer()).toMatchObject({ plan: "free" });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe("canceled");
  });

  test("now, once", async () => {
    const { id } = await subscribe();
    expect((await stripe.subscriptions.cancel(id)).status).toBe("canceled");
    await expect(stripe.subscriptions.cancel(id)).rejects.toMatchObject({ code: "resource_missing" });
    await sandbox.idle();
    expect(await writer()).toMatchObject({ plan: "free" });
  });
});

describe("a pause of the collection", () => {
  test("goes on renewing and nobody pays; then it is charged again", async () => {
    const { id, customer } = await subscribe();
    await stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
    await sandbox.moveClock(user, { by: "period" });
    const [held] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data;
    expect(held).toMatchObject({ status: "void", billing_reason: "subscription_cycle" });
    await stripe.subscriptions.update(id, { pause_collection: "" });
    await sandbox.moveClock(user, { by: "period" });
    const [paid] = (await stripe.invoices.list({ customer: customer.id, limit: 1 })).data;
    expect(paid).toMatchObject({ status: "paid" });
  });
});

describe("a failed renewal", () => {
  test("is tried again three times, then the subscription ends", async () => {
    const start = Date.now();
    await subscribe("plus", "monthly", "0341");
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      "invoice.updated",
      "invoice.payment_failed",
      "customer.subscription.updated",
    ]);
    expect(await writer()).toMatchObject({ plan: "plus", status: "past_due" });
    delivered.length = 0;
    await sandbox.moveClock(user, { to: addMonths(start, 1) + 16 * DAY });
    expect(types().filter((type) => type === "invoice.payment_failed")).toHaveLength(3);
    expect(types().at(-1)).toBe("customer.subscription.deleted");
    expect(delivered.at(-1)?.object).toMatchObject({ cancellation_details: { reason: "payment_failed" } });
    expect(await writer()).toMatchObject({ plan: "free" });
  });

  test("recovers when the card is changed and the invoice paid", async () => {
    const { customer } = await subscribe("plus", "monthly", "0341");
    await sandbox.moveClock(user, { by: "period" });
    const { id: portal, url } = await stripe.billingPortal.sessions.create({ customer: customer.id });
    expect(url).toBe(`http://localhost:3000/sandbox/stripe/portal/${portal}`);
    const good = { card: "4242" as const, email: null, name: null, confirmed: false };
    expect(await hosted.changeCard(sandbox, portal, { ...good, card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(await hosted.changeCard(sandbox, portal, good)).toEqual({ outcome: "succeeded" });
    const [open] = (await stripe.invoices.list({ customer: customer.id, status: "open" })).data;
    await sandbox.idle();
    delivered.length = 0;
    await stripe.invoices.pay(open?.id as string);
    await sandbox.idle();
    expect(types()).toEqual([
      "invoice.updated",
      "invoice.paid",
      "invoice.payment_succeeded",
      "customer.subscription.updated",
    ]);
    expect(await writer()).toMatchObject({ status: "active" });
  });
});

describe("what our client could get wrong", () => {
  test("unknown parameters, objects, prices and paths are Stripe's errors", async () => {
    const { id } = await subscribe();
    await expect(stripe.subscriptions.retrieve("sub_nobody")).rejects.toMatchObject({
      statusCode: 404,
      code: "resource_missing",
      param: "id",
    });
    const unknown = stripe.subscriptions.update(id, { cancel_at_period_ends: true } as never);
    await expect(unknown).rejects.toMatchObject({ code: "parameter_unknown", param: "cancel_at_period_ends" });
    const nested = stripe.checkout.sessions.create({
      mode: "subscription",
      line_items: [{ prize: "x" } as never],
      success_url: "http://localhost/",
    });
    await expect(nested).rejects.toMatchObject({ param: "line_items[0][prize]" });
    await expect(
      stripe.checkout.sessions.create({ mode: "subscription", success_url: "http://localhost/" }),
    ).rejects.toMatchObject({
      code: "parameter_missing",
      param: "line_items",
    });
    await expect(openCheckout({ line_items: [{ price: "price_nobody", quantity: 1 }] })).rejects.toMatchObject({
      code: "resource_missing",
      param: "line_items[0][price]",
    });
    await expect(stripe.coupons.list()).rejects.toMatchObject({ statusCode: 404 });
    await expect(stripe.subscriptions.retrieve(id, { expand: ["items.nothing"] })).rejects.toMatchObject({
      param: "expand",
    });
  });

  test("a live key, and another API version", async () => {
    const live = new Stripe("sk_live_oops", { httpClient: stripe.getApiField("httpClient"), maxNetworkRetries: 0 });
    await expect(live.customers.retrieve("cus_1")).rejects.toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    await expect(stripe.customers.create({}, { apiVersion: "2023-10-16" })).rejects.toThrow("2026-10-28.endive only");
  });

  test("an idempotency key: the same answer, one object; with another request it is refused", async () => {
    const once = { idempotencyKey: `once-${user}` };
    const [one, other] = await Promise.all([0, 1].map(() => stripe.customers.create({ name: "One" }, once)));
    expect(other?.id).toBe(one?.id);
    await expect(stripe.customers.create({ name: "Two" }, once)).rejects.toBeInstanceOf(
      Stripe.errors.StripeIdempotencyError,
    );
  });

  test("Case P7: an idempotency key remembers a refusal for a day, and no wrong parameter", async () => {
    const { id, customer } = await subscribe("plus", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const once = { idempotencyKey: `refused-${user}` };
    const upgrade = (more: object = {}) =>
      stripe.subscriptions.update(
        id,
        {
          items: [{ id: item, price: "price_writer_ultra_monthly" }],
          proration_behavior: "always_invoice",
          payment_behavior: "error_if_incomplete",
          ...more,
        },
        once,
      );
    await expect(upgrade({ nonsense: 1 })).rejects.toMatchObject({ code: "parameter_unknown" });
    await expect(upgrade({ items: [{ quantity: 1 }] })).rejects.toMatchObject({ code: "parameter_missing" });
    await expect(upgrade()).rejects.toMatchObject({ code: "card_declined" });
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer.id });
    await hosted.changeCard(sandbox, portal, { card: "4242", email: null, name: null, confirmed: false });
    await expect(upgrade()).rejects.toMatchObject({ code: "card_declined" });
    await sandbox.moveClock(user, { to: Date.now() + 25 * HOUR });
    expect((await upgrade()).items.data[0]?.price.id).toBe("price_writer_ultra_monthly");
  });

  test("prices and products are the catalog's", async () => {
    expect((await stripe.prices.list()).data).toHaveLength(12);
    expect(await stripe.prices.retrieve("price_writer_plus_yearly")).toMatchObject({
      unit_amount: 19_990,
      recurring: { interval: "year" },
    });
    expect((await stripe.products.list()).data.map(({ name }) => name)).toContain("Writer Plus");
    await expect(stripe.prices.retrieve("price_x")).rejects.toMatchObject({ code: "resource_missing" });
  });

  test("events are listed as they were sent, newest first", async () => {
    const { id } = await subscribe();
    await stripe.subscriptions.cancel(id);
    const { data } = await stripe.events.list({ limit: 3 });
    expect(data[0]).toMatchObject({ type: "customer.subscription.deleted", data: { object: { id } } });
    expect(await stripe.events.retrieve(data[1]?.id as string)).toEqual(data[1]);
    const after = await stripe.events.list({ starting_after: data[0]?.id as string, limit: 1 });
    expect(after.data[0]?.id).toBe(data[1]?.id);
  });
});
