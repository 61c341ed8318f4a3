import { ApiError } from "@paddle/paddle-node-sdk";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { addMonths, DAY, HOUR, MINUTE, SECOND } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { createFakePaddle } from "@/tests/support/fake-paddle";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, sdk, connection, delivered, pay, changeCard, hosted } = createFakePaddle(gateway);

let users = 0;
let user = "";
beforeEach(() => {
  users += 1;
  user = `payer-${users}`;
  delivered.length = 0;
});

const types = () => delivered.map(({ type }) => type);
const items = (plan: string, interval = "monthly") => [{ priceId: `pri_writer_${plan}_${interval}`, quantity: 1 }];

/** Opens a checkout as our server does, and stores whose it is before anybody can pay. */
async function openCheckout(plan = "plus", interval: "monthly" | "yearly" = "monthly", customerId?: string) {
  const transaction = await sdk().transactions.create({
    items: items(plan, interval),
    customData: { user_id: user },
    checkout: { url: "http://localhost:3000/billing?checkout=1" },
    ...(customerId && { customerId }),
  });
  const spec = { userId: user, product: "writer", plan, interval, trial: false, processor: "paddle" } as const;
  const begun = await gateway.beginCheckout(spec);
  if (begun.outcome !== "begun") throw new Error(begun.outcome);
  await gateway.openCheckout(user, begun.checkout.id, transaction.id, "http://localhost:3000/pay");
  return transaction;
}

async function subscribe(plan = "plus", interval: "monthly" | "yearly" = "monthly", card: "4242" | "0341" = "4242") {
  const { id: transaction } = await openCheckout(plan, interval);
  await pay(transaction, { card });
  const { subscriptionId, customerId } = await sdk().transactions.get(transaction);
  delivered.length = 0;
  return { transaction, id: subscriptionId as string, customer: customerId as string };
}

async function writer() {
  const found = (await gateway.usage(user)).subscriptions.find(({ product }) => product === "writer");
  if (!found) throw new Error("no writer");
  return found;
}
const used = async () => (await writer()).meters.find(({ field }) => field === "words_used")?.used;
const now = async () => (await gateway.sandboxClock(user)).now;
const code = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof ApiError ? error.code : error),
  );

const RENEWAL = ["subscription.updated", "transaction.created", "transaction.billed"];
const PAID = ["transaction.updated", "transaction.paid", "transaction.updated", "transaction.completed"];

describe("a checkout", () => {
  test("paid: the subscription begins, events come in Paddle's order, and the plan is there", async () => {
    const transaction = await openCheckout();
    expect(transaction).toMatchObject({ status: "draft", origin: "api", customerId: null, subscriptionId: null });
    expect(transaction.checkout?.url).toBe(`http://localhost:3000/billing?checkout=1&_ptxn=${transaction.id}`);
    expect(await pay(transaction.id)).toEqual({ outcome: "succeeded" });
    expect(types()).toEqual([
      "transaction.created",
      "customer.created",
      "address.created",
      "transaction.updated",
      "transaction.ready",
      "transaction.updated",
      "transaction.paid",
      "subscription.created",
      "subscription.activated",
      "transaction.updated",
      "transaction.completed",
    ]);
    const [created, activated] = delivered.filter(({ type }) => type.startsWith("subscription."));
    expect(created?.occurredAt).toBe(activated?.occurredAt);
    expect(created?.data).toMatchObject({ transaction_id: transaction.id, status: "active" });
    expect(activated?.data).not.toHaveProperty("transaction_id");
    expect(created?.data).not.toHaveProperty("management_urls");
    expect(await writer()).toMatchObject({ plan: "plus", status: "active", processor: "paddle" });
    const done = await sdk().transactions.get(transaction.id);
    expect(done).toMatchObject({ status: "completed", details: { totals: { grandTotal: "1999", balance: "0" } } });
    expect(done.payments).toMatchObject([{ status: "captured", amount: "1999", methodDetails: { type: "card" } }]);
    expect((await sdk().transactions.getInvoicePDF(transaction.id)).url).toMatch(/\/invoice\/txn_\w{26}\/pdf$/);
  });

  test("declined: nothing has begun, and another card goes through", async () => {
    const { id } = await openCheckout();
    expect(await pay(id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(types().at(-1)).toBe("transaction.payment_failed");
    expect(await pay(id, { card: "3155" })).toEqual({ outcome: "requires_action" });
    expect(await writer()).toMatchObject({ plan: "free" });
    expect(await pay(id, { card: "3155", confirmed: true })).toEqual({ outcome: "succeeded" });
    expect(types().filter((type) => type === "customer.created")).toHaveLength(1);
    expect(await writer()).toMatchObject({ plan: "plus" });
  });

  test("twice at once, in two tabs: one subscription, charged once", async () => {
    const { id } = await openCheckout();
    const both = await Promise.all([pay(id), pay(id)]);
    expect(both.map((paid) => paid?.outcome).sort()).toEqual(["complete", "succeeded"]);
    const { customerId } = await sdk().transactions.get(id);
    const listed = await sdk()
      .subscriptions.list({ customerId: [customerId as string] })
      .next();
    expect(listed).toHaveLength(1);
    expect(types().filter((type) => type === "transaction.completed")).toHaveLength(1);
  });

  test("canceled before it was paid cannot be paid; a draft cannot be canceled", async () => {
    const { id } = await openCheckout();
    expect(await code(sdk().transactions.update(id, { status: "canceled" }))).toBe("transaction_invalid_status_change");
    await pay(id, { card: "0002" });
    expect((await sdk().transactions.update(id, { status: "canceled" })).status).toBe("canceled");
    expect(await pay(id)).toEqual({ outcome: "gone" });
  });
});

describe("a change of items", () => {
  test("upgrade: the preview is what is charged, to the cent; usage is preserved", async () => {
    const { id } = await subscribe("plus");
    await gateway.consume(user, "words_used", 12_000);
    await sandbox.moveClock(user, { to: (await now()) + 10 * DAY });
    const change = { items: items("ultra"), prorationBillingMode: "prorated_immediately" } as const;
    const preview = await sdk().subscriptions.previewUpdate(id, change);
    const after = await sdk().subscriptions.update(id, change);
    await sandbox.idle();
    expect(after.items).toMatchObject([{ price: { id: "pri_writer_ultra_monthly" } }]);
    expect(after.currentBillingPeriod).toEqual(preview.currentBillingPeriod);
    expect(types()).toEqual([...RENEWAL, ...PAID]);
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    expect(data).toMatchObject({ origin: "subscription_update", subscription_id: id });
    const charged = await sdk().transactions.get(data.id);
    const { grandTotal } = charged.details?.totals ?? {};
    expect(grandTotal).toBe(preview.immediateTransaction?.details.totals.grandTotal);
    expect(charged.billingPeriod?.endsAt).toBe(after.currentBillingPeriod?.endsAt);
    const [credit, charge] = charged.details?.lineItems ?? [];
    expect(credit).toMatchObject({ priceId: "pri_writer_plus_monthly", quantity: -1 });
    const rate = Number(charge?.proration?.rate);
    expect(Number(credit?.totals?.total)).toBeCloseTo(-1999 * rate, -0.5);
    expect(Number(charge?.totals?.total)).toBeCloseTo(3999 * rate, -0.5);
    expect(preview.updateSummary?.result).toMatchObject({ action: "charge", amount: grandTotal });
    expect(preview.recurringTransactionDetails?.totals.grandTotal).toBe("3999");
    expect(await writer()).toMatchObject({ plan: "ultra" });
    expect(await used()).toBe(12_000);
  });

  test("a preview moves nothing", async () => {
    const { id } = await subscribe();
    const state = await gateway.loadSandboxAccount("paddle", id);
    await sdk().subscriptions.previewUpdate(id, {
      items: items("basic", "yearly"),
      prorationBillingMode: "prorated_immediately",
    });
    expect(await gateway.loadSandboxAccount("paddle", id)).toMatchObject({ state: state?.state });
  });

  test("that is declined is Paddle's error, and nothing has happened; or is applied, and owed", async () => {
    const { id } = await subscribe("plus", "monthly", "0341");
    const change = { items: items("ultra"), prorationBillingMode: "prorated_immediately" } as const;
    const refused = sdk().subscriptions.update(id, { ...change, onPaymentFailure: "prevent_change" });
    expect(await code(refused)).toBe("subscription_payment_declined");
    await sandbox.idle();
    expect(types()).toEqual([]);
    expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
    await sdk().subscriptions.update(id, { ...change, onPaymentFailure: "apply_change" });
    await sandbox.idle();
    expect(types().at(-1)).toBe("subscription.past_due");
    expect((await sdk().subscriptions.get(id)).status).toBe("past_due");
  });

  test("to a year begins a new period and charges it whole, less what was unused", async () => {
    const { id } = await subscribe();
    await sandbox.moveClock(user, { to: (await now()) + 10 * DAY });
    const at = await now();
    const yearly = await sdk().subscriptions.update(id, {
      items: items("plus", "yearly"),
      prorationBillingMode: "prorated_immediately",
    });
    const start = Date.parse(yearly.currentBillingPeriod?.startsAt as string);
    expect(start).toBeGreaterThanOrEqual(at - SECOND);
    expect(start).toBeLessThanOrEqual(await now());
    expect(Date.parse(yearly.currentBillingPeriod?.endsAt as string)).toBe(addMonths(start, 12));
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const lines = (await sdk().transactions.get(data.id)).details?.lineItems.map(({ totals }) => Number(totals?.total));
    expect(lines?.[1]).toBe(19_990);
    expect(lines?.[0]).toBeLessThan(-1_000);
    expect(await writer()).toMatchObject({ interval: "yearly" });
  });

  test("down, prorated: nothing is charged, and the renewals take it from the balance", async () => {
    const { id } = await subscribe("ultra");
    await sdk().subscriptions.update(id, { items: items("basic"), prorationBillingMode: "prorated_immediately" });
    await sandbox.idle();
    const { data } = delivered.at(-1) as (typeof delivered)[0];
    const { details, payments } = await sdk().transactions.get(data.id);
    expect(Number(details?.totals?.creditToBalance)).toBe(3_000);
    expect(payments).toEqual([]);
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    const renewal = delivered.find(({ type }) => type === "transaction.completed");
    expect(renewal?.data).toMatchObject({ details: { totals: { total: "999", credit: "999", grand_total: "0" } } });
  });

  test("billed with the next period: nothing now, one line more then", async () => {
    const { id } = await subscribe("plus");
    await sdk().subscriptions.update(id, {
      items: items("ultra"),
      prorationBillingMode: "prorated_next_billing_period",
    });
    await sandbox.idle();
    expect(types()).toEqual(["subscription.updated"]);
    await sandbox.moveClock(user, { by: "period" });
    const renewal = delivered.find(({ type }) => type === "transaction.completed");
    expect(renewal?.data).toMatchObject({ details: { line_items: [{}, {}, { totals: { total: "3999" } }] } });
    expect(await writer()).toMatchObject({ plan: "ultra" });
  });
});

describe("an end, a pause", () => {
  test("at the period's end is scheduled, locks the rest, can be taken back, and comes", async () => {
    const { id } = await subscribe();
    const ending = await sdk().subscriptions.cancel(id, { effectiveFrom: "next_billing_period" });
    expect(ending).toMatchObject({ status: "active", nextBilledAt: null, scheduledChange: { action: "cancel" } });
    expect(ending.scheduledChange?.effectiveAt).toBe(ending.currentBillingPeriod?.endsAt);
    const change = sdk().subscriptions.update(id, { items: items("ultra"), prorationBillingMode: "do_not_bill" });
    expect(await code(change)).toBe("subscription_locked_pending_changes");
    expect((await sdk().subscriptions.update(id, { scheduledChange: null })).scheduledChange).toBeNull();
    await sdk().subscriptions.cancel(id);
    await sandbox.idle();
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual(["subscription.updated", "subscription.canceled"]);
    expect(delivered.at(-1)?.data).toMatchObject({ status: "canceled", current_billing_period: null });
    expect(await writer()).toMatchObject({ plan: "free" });
    expect(await code(sdk().subscriptions.cancel(id))).toBe("subscription_is_canceled_action_invalid");
    expect(await code(sdk().subscriptions.resume(id, { effectiveFrom: "immediately" }))).toBe(
      "subscription_is_canceled_action_invalid",
    );
    expect(
      await code(sdk().subscriptions.update(id, { items: items("ultra"), prorationBillingMode: "do_not_bill" })),
    ).toBe("subscription_update_when_canceled");
  });

  test("a pause comes with the period's end; a resume begins a new period, charged at once", async () => {
    const { id } = await subscribe();
    await sdk().subscriptions.pause(id, { effectiveFrom: "next_billing_period" });
    await sandbox.idle();
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual(["subscription.updated", "subscription.paused"]);
    expect(await writer()).toMatchObject({ plan: "free" });
    await sandbox.moveClock(user, { by: "day" });
    delivered.length = 0;
    await sdk().subscriptions.resume(id, { effectiveFrom: "immediately" });
    await sandbox.idle();
    expect(types()).toEqual(["subscription.updated", "subscription.resumed", ...RENEWAL.slice(1), ...PAID]);
    expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
    expect(await code(sdk().subscriptions.resume(id, { effectiveFrom: "immediately" }))).toBe(
      "subscription_must_be_paused",
    );
    expect(await code(sdk().subscriptions.activate(id))).toBe("subscription_cannot_activate");
  });

  test("a resume inside the period, paid in full and in money, resets the usage", async () => {
    const { id } = await subscribe();
    await gateway.consume(user, "words_used", 14_000);
    await sandbox.moveClock(user, { to: (await now()) + 10 * DAY });
    await sdk().subscriptions.pause(id, { effectiveFrom: "immediately" });
    await sandbox.idle();
    await sandbox.moveClock(user, { by: "day" });
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
    expect(await writer()).toMatchObject({ plan: "plus", status: "active" });
    expect(await used()).toBe(0);
  });

  test("a pause until a day ends by itself", async () => {
    const { id } = await subscribe();
    const resumeAt = new Date((await now()) + 5 * DAY).toISOString();
    await sdk().subscriptions.pause(id, { effectiveFrom: "immediately", resumeAt });
    expect((await sdk().subscriptions.get(id)).scheduledChange).toMatchObject({ action: "resume" });
    await sandbox.moveClock(user, { to: (await now()) + 6 * DAY });
    expect((await sdk().subscriptions.get(id)).status).toBe("active");
    expect(await writer()).toMatchObject({ plan: "plus" });
  });

  test("no change in the last half hour before a renewal", async () => {
    const { id } = await subscribe();
    const end = Date.parse((await sdk().subscriptions.get(id)).currentBillingPeriod?.endsAt as string);
    await sandbox.moveClock(user, { to: end - 29 * MINUTE });
    const change = sdk().subscriptions.update(id, { items: items("ultra"), prorationBillingMode: "do_not_bill" });
    expect(await code(change)).toBe("subscription_locked_renewal");
  });
});

describe("a renewal", () => {
  test("is announced, then charged", async () => {
    await subscribe();
    await gateway.consume(user, "words_used", 700);
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual([...RENEWAL, ...PAID]);
    expect(delivered.at(-1)?.data).toMatchObject({ origin: "subscription_recurring" });
    expect(await used()).toBe(0);
  });

  test("that fails is tried again five times, then the subscription ends", async () => {
    await subscribe("plus", "monthly", "0341");
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual([
      ...RENEWAL,
      "transaction.payment_failed",
      "transaction.updated",
      "transaction.past_due",
      "subscription.updated",
      "subscription.past_due",
    ]);
    expect(await writer()).toMatchObject({ plan: "plus", status: "past_due" });
    delivered.length = 0;
    await sandbox.moveClock(user, { to: (await now()) + 28 * DAY });
    expect(types().filter((type) => type === "transaction.payment_failed")).toHaveLength(5);
    expect(types().at(-1)).toBe("subscription.canceled");
    expect(await writer()).toMatchObject({ plan: "free" });
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "month" });
    expect(types()).toEqual([]);
  });

  test("recovers when the card is changed: what is owed is charged to it", async () => {
    const { id } = await subscribe("plus", "monthly", "0341");
    await sandbox.moveClock(user, { by: "period" });
    const owed = await sdk().subscriptions.getPaymentMethodChangeTransaction(id);
    expect(owed).toMatchObject({ status: "past_due", origin: "subscription_recurring" });
    delivered.length = 0;
    expect(await changeCard(id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(await changeCard(id)).toEqual({ outcome: "succeeded" });
    expect(types()).toEqual([
      "transaction.payment_failed",
      "transaction.updated",
      "transaction.paid",
      "subscription.updated",
      "transaction.updated",
      "transaction.completed",
    ]);
    expect(await writer()).toMatchObject({ status: "active" });
    delivered.length = 0;
    await sandbox.moveClock(user, { by: "period" });
    expect(types()).toEqual([...RENEWAL, ...PAID]);
  });

  test("where nothing is owed, a card is changed by a transaction of nothing", async () => {
    const { id } = await subscribe();
    const change = await sdk().subscriptions.getPaymentMethodChangeTransaction(id);
    expect(change).toMatchObject({
      status: "ready",
      origin: "subscription_payment_method_change",
      details: { totals: { grandTotal: "0" } },
    });
    expect(await pay(change.id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(await pay(change.id, { card: "0341" })).toEqual({ outcome: "succeeded" });
    await sandbox.moveClock(user, { by: "period" });
    expect(await writer()).toMatchObject({ status: "past_due" });
  });
});

test("a refund waits for approval, and is told twice", async () => {
  const { transaction } = await subscribe();
  const refund = { action: "refund", type: "full", reason: "asked", transactionId: transaction } as const;
  expect(await sdk().adjustments.create(refund as never)).toMatchObject({ status: "pending_approval" });
  expect(await code(sdk().adjustments.create(refund as never))).toBe("adjustment_pending_refund_request");
  const listed = await sdk()
    .adjustments.list({ transactionId: [transaction], action: "refund" })
    .next();
  expect(listed).toMatchObject([{ action: "refund", status: "pending_approval", transactionId: transaction }]);
  await sandbox.moveClock(user, { to: (await now()) + HOUR });
  expect(delivered.map(({ type, data }) => [type, data.status])).toEqual([
    ["adjustment.created", "pending_approval"],
    ["adjustment.updated", "approved"],
  ]);
});

describe("what our client could get wrong", () => {
  test("unknown fields, entities, prices and paths are Paddle's errors", async () => {
    const { id } = await subscribe();
    expect(await code(sdk().subscriptions.get("sub_nobody"))).toBe("not_found");
    expect(await code(sdk().transactions.get(id))).toBe("not_found");
    const misspelt = sdk().subscriptions.update(id, { prorationBilingMode: "do_not_bill" } as never);
    await expect(misspelt).rejects.toMatchObject({
      code: "invalid_field",
      errors: [{ field: "proration_biling_mode" }],
    });
    const unsaid = sdk().subscriptions.update(id, { items: items("ultra") });
    await expect(unsaid).rejects.toMatchObject({ errors: [{ field: "proration_billing_mode" }] });
    const nowhere = sdk().transactions.create({ items: [{ priceId: "pri_nobody", quantity: 1 }] });
    await expect(nowhere).rejects.toMatchObject({ errors: [{ field: "items[0].price_id" }] });
    expect(await code(sdk().transactions.create({ items: [] }))).toBe("invalid_field");
    expect(await code(sdk().discounts.get("dsc_1"))).toBe("not_found");
    expect(await code(sdk().businesses.list("ctm_1").next())).toBe("invalid_url");
    expect(await code(sdk().transactions.list().next())).toBe("invalid_field");
  });

  test("another key, and another version of the API", async () => {
    const { id } = await subscribe();
    const before = delivered.length;
    expect(await code(sdk("pdl_live_apikey_oops").subscriptions.cancel(id))).toBe("invalid_token");
    expect((await fetch(`${connection.base}/subscriptions/${id}`)).status).toBe(401);
    expect(await code(sdk(connection.apiKey, { "Paddle-Version": "2" }).subscriptions.get(id))).toBe("invalid_version");
    expect(delivered).toHaveLength(before);
  });

  test("prices and products are the catalog's", async () => {
    expect(await sdk().prices.list().next()).toHaveLength(12);
    expect(await sdk().prices.get("pri_writer_plus_yearly")).toMatchObject({
      unitPrice: { amount: "19990", currencyCode: "USD" },
      billingCycle: { interval: "year", frequency: 1 },
    });
    expect((await sdk().products.list().next()).map(({ id }) => id)).toContain("pro_writer_plus");
    expect(await code(sdk().prices.get("pri_x"))).toBe("not_found");
  });

  test("lists come in pages, over several customers, and nobody else's", async () => {
    const one = await subscribe();
    const first = user;
    for (let month = 0; month < 3; month += 1) await sandbox.moveClock(first, { by: "period" });
    user = `${user}-other`;
    const other = await subscribe("basic");
    const query = {
      subscriptionId: [one.id, other.id],
      status: ["completed" as const],
      orderBy: "id[DESC]",
      perPage: 2,
    };
    const seen: string[] = [];
    for await (const transaction of sdk().transactions.list(query)) seen.push(transaction.subscriptionId as string);
    expect(seen.filter((id) => id === one.id)).toHaveLength(4);
    expect(seen.filter((id) => id === other.id)).toHaveLength(1);
    expect(
      await sdk()
        .transactions.list({ subscriptionId: ["sub_nobody"] })
        .next(),
    ).toEqual([]);
  });

  test("events are listed as they were sent", async () => {
    const { id } = await subscribe();
    await sdk().subscriptions.cancel(id, { effectiveFrom: "immediately" });
    const [last] = await sdk().events.list({ perPage: 2, orderBy: "id[DESC]" }).next();
    expect(last).toMatchObject({ eventType: "subscription.canceled", data: { id } });
  });

  test("the portal and its customer", async () => {
    const { id, customer } = await subscribe();
    const portal = await sdk().customerPortalSessions.create(customer, [id]);
    expect(portal.urls.general.overview).toBe(`http://localhost:3000/sandbox/paddle/portal/${portal.id}`);
    expect(await code(sdk().customerPortalSessions.create(customer, ["sub_nobody"]))).toBe("not_found");
    expect(await hosted.setCancel(sandbox, portal.id, id, true)).toBe(true);
    expect(await hosted.hostedPage(sandbox, "portal", portal.id)).toMatchObject({
      email: "ada@example.com",
      subscriptions: [{ id, status: "active", ends: { action: "cancel" } }],
      invoices: [{ total: 1_999, status: "completed" }],
    });
    expect(await sdk().customers.get(customer)).toMatchObject({ email: "ada@example.com" });
  });
});

/** The whole story of the document: 13 months, from a January 31, with a renewal that fails and recovers. */
test("13 months from January 31: exactly one reset a window, through a failed renewal and its recovery", async () => {
  await sandbox.moveClock(user, { to: Date.UTC(2027, 0, 31, 12) });
  const { id } = await subscribe("plus");
  const anchor = Date.parse((await sdk().subscriptions.get(id)).currentBillingPeriod?.startsAt as string);
  for (let month = 1; month <= 13; month++) {
    const renewal = addMonths(anchor, month);
    await gateway.consume(user, "words_used", 1_000 + month);
    if (month === 5) await changeCard(id, { card: "0341" });
    await sandbox.moveClock(user, { to: renewal - 10 * MINUTE });
    expect(await used(), `month ${month}`).toBe(1_000 + month);
    await sandbox.moveClock(user, { to: renewal + 2 * HOUR });
    expect(await used(), `after renewal ${month}`).toBe(0);
    const { periodStart, periodEnd, status } = await writer();
    expect([Date.parse(periodStart as string), Date.parse(periodEnd as string)]).toEqual([
      renewal,
      addMonths(anchor, month + 1),
    ]);
    expect(status).toBe(month === 5 ? "past_due" : "active");
    if (month !== 5) continue;
    await sandbox.moveClock(user, { to: renewal + 4 * DAY });
    await changeCard(id);
    expect(await writer()).toMatchObject({ status: "active" });
    expect(await used()).toBe(0);
  }
  const { rows } = await database.pool().query(
    `select window_start, count(*) filter (where opens_by = 'reset')::int as resets
     from usage_windows where user_id = $1 and source <> 'free' group by window_start order by window_start`,
    [user],
  );
  expect(rows.map(({ window_start }) => window_start.getTime())).toEqual(
    Array.from({ length: 14 }, (_, month) => addMonths(anchor, month)),
  );
  expect(rows.map(({ resets }) => resets)).toEqual(Array.from({ length: 14 }, () => 1));
  const decisions = await database
    .pool()
    .query(
      "select count(*)::int as resets from decisions where user_id = $1 and action = 'reset' and product = 'writer'",
      [user],
    );
  expect(decisions.rows[0].resets).toBe(14);
});
