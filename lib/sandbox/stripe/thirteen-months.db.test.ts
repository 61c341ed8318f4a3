/** Thirteen months from a January 31, with a renewal that fails and recovers. */
import { afterAll, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { createFakeStripe } from "@/tests/support/fake-stripe";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

const { sandbox, stripe, pay, hosted } = createFakeStripe(gateway);
const user = "ada";

async function subscribe() {
  const metadata = { user_id: user };
  const customer = await stripe.customers.create({ metadata });
  const { id: session } = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer: customer.id,
    line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
    subscription_data: { metadata },
    success_url: "http://localhost:3000/billing",
  });
  await pay(session);
  const { subscription } = await stripe.checkout.sessions.retrieve(session);
  return { customer, id: subscription as string };
}

async function mail() {
  const found = (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}
const used = async () => (await mail()).meters.find(({ field }) => field === "stamps_used")?.used;

test("13 months from January 31 have one reset per window, with a failed renewal and its recovery", async () => {
  const january = Date.UTC(2027, 0, 31, 12);
  await sandbox.moveClock(user, { to: january });
  const { customer, id } = await subscribe();
  const { created } = await stripe.subscriptions.retrieve(id);
  const anchor = created * 1000;
  const good = { card: "4242" as const, email: null, name: null, confirmed: false };
  const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer.id });
  for (let month = 1; month <= 13; month++) {
    const renewal = addMonths(anchor, month);
    await gateway.consume(user, "stamps_used", 1_000 + month);
    // In June the card fails; four days later the payer changes it, and it pays.
    if (month === 5) await hosted.changeCard(sandbox, portal, { ...good, card: "0341" });
    await sandbox.moveClock(user, { to: renewal - 10 * 60_000 });
    expect(await used(), `month ${month}`).toBe(1_000 + month);
    await sandbox.moveClock(user, { to: renewal + 2 * HOUR_MS });
    expect(await used(), `after renewal ${month}`).toBe(0);
    const { periodStart, periodEnd, status } = await mail();
    expect([Date.parse(periodStart as string), Date.parse(periodEnd as string)]).toEqual([
      renewal,
      addMonths(anchor, month + 1),
    ]);
    expect(status).toBe(month === 5 ? "past_due" : "active");
    if (month !== 5) continue;
    await sandbox.moveClock(user, { to: renewal + 2 * DAY_MS });
    await hosted.changeCard(sandbox, portal, good);
    await sandbox.moveClock(user, { to: renewal + 4 * DAY_MS });
    expect(await mail()).toMatchObject({ status: "active" });
    expect(await used()).toBe(0);
  }
  const { rows } = await database.pool().query(
    `select window_start, count(*) filter (where transition_kind = 'reset')::int as resets
     from usage_windows where user_id = $1 and source <> 'free' group by window_start order by window_start`,
    [user],
  );
  expect(rows.map(({ window_start }) => window_start.getTime())).toEqual(
    Array.from({ length: 14 }, (_, month) => addMonths(anchor, month)),
  );
  expect(rows.map(({ resets }) => resets)).toEqual(Array.from({ length: 14 }, () => 1));
  const days = rows.map(({ window_start }) => window_start.getUTCDate());
  expect(days).toEqual([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29]);
  const decisions = await database
    .pool()
    .query(
      "select count(*)::int as resets from decisions where user_id = $1 and action = 'reset' and product = 'mail'",
      [user],
    );
  expect(decisions.rows[0].resets).toBe(14);
});
