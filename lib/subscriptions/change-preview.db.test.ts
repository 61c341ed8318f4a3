/** A preview of a plan change has the same result as the change itself. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { changePreviewViewSchema } from "@/lib/billing/schemas/purchase";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Interval } from "@/lib/billing/types";
import type { PlanName } from "@/lib/config/register";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { planPrice } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { deliver } from "@/tests/support/stripe";
import { previewChange } from "./change";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));

afterAll(() => gateway.end());

let users = 0;

let userId = "";

beforeEach(() => {
  users += 1;
  userId = `changer-${users}`;
});

const BEGAN = Math.floor(Date.now() / 1000) * 1000 - 10 * DAY_MS;

/** A paid subscription that began ten days ago. */
async function subscriber(plan: string, interval: Interval = "monthly", status: "active" | "trialing" = "active") {
  const price = { product: "mail", plan, interval } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: BEGAN, status });
  await deliver(gateway, fake.created());
  if (status === "active") await deliver(gateway, fake.paid("subscription_create", BEGAN + 1_000));
  return fake;
}

async function mail() {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
}

describe("the preview", () => {
  const { context, requestsOf } = fakeProcessors(gateway);
  const preview = async (plan: PlanName, interval?: Interval) =>
    changePreviewViewSchema.parse(await previewChange(userId, { product: "mail", plan, interval }, context));
  const meters = async () =>
    (await mail()).meters.map(({ field, used, limit, remaining }) => ({ field, used, limit, remaining }));
  const expectedMeters = ({ usage }: Awaited<ReturnType<typeof preview>>) =>
    usage.meters.map(({ field, after }) => ({ field, ...after }));

  test("of an upgrade inside the period has the kept usage and the new limit", async () => {
    const fake = await subscriber("silver");
    await gateway.consume(userId, "stamps_used", 12_000);
    const shown = await preview("titanium");
    expect(shown).toMatchObject({
      from: { plan: "silver", interval: "monthly" },
      to: { plan: "titanium", interval: "monthly" },
      timing: "now",
      dueNow: { amount: 1_234, currency: "USD" },
      usage: { effect: "preserve", reason: "Plan change mid-cycle detected" },
    });
    expect(shown.usage.meters[0]).toEqual({
      field: "stamps_used",
      kind: "counter",
      before: { used: 12_000, limit: 15_000, remaining: 3_000 },
      after: { used: 12_000, limit: 35_000, remaining: 23_000 },
    });
    await deliver(gateway, fake.planChanged("titanium", Date.now()));
    expect(await meters()).toEqual(expectedMeters(shown));
    expect(requestsOf("preview").at(-1)).toEqual({
      subscription: `sub_${userId}`,
      priceId: "price_mail_titanium_monthly",
      timing: "now",
    });
  });

  test("of a switch to yearly has the carried-over share of the usage", async () => {
    const fake = await subscriber("silver");
    await gateway.consume(userId, "stamps_used", 14_000);
    const shown = await preview("silver", "yearly");
    expect(shown).toMatchObject({ timing: "now", usage: { effect: "carry_over" } });
    const at = Math.ceil(Date.now() / 1000) * 1000;
    const yearly = planPrice({ product: "mail", plan: "silver", interval: "yearly" });
    const changed = fake.changed(
      {
        items: [{ id: `si_${userId}`, price: yearly }],
        periodStart: at / 1000,
        periodEnd: addMonths(at, 12) / 1000,
      },
      at,
    );
    await deliver(gateway, changed);
    const [words] = await meters();
    const before = expectedMeters(shown)[0];
    // Ten of the month's days are a third of its stamps; a second of the test is one stamp at most.
    expect(words?.used).toBeGreaterThan(8_500);
    expect(words?.used).toBeLessThan(9_500);
    expect(Math.abs((before?.used ?? 0) - (words?.used ?? 0))).toBeLessThanOrEqual(1);
    expect(before?.limit).toBe(15_000);
  });

  test("of a downgrade has the period's end and the usage after the reset", async () => {
    const fake = await subscriber("titanium");
    await gateway.consume(userId, "stamps_used", 20_000);
    const shown = await preview("bronze");
    expect(shown).toMatchObject({
      timing: "period_end",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
      usage: { effect: "reset", reason: "Plan change at billing renewal" },
    });
    expect(shown.usage.meters[0]).toMatchObject({
      before: { used: 20_000, limit: 35_000 },
      after: { used: 0, limit: 5_000, remaining: 5_000 },
    });
    expect(requestsOf("preview").at(-1)).toMatchObject({ timing: "renewal" });
    const ends = fake.periodEnd();
    await gateway.setSandboxClock(userId, ends + HOUR_MS);
    await deliver(gateway, fake.renewed({ plan: "bronze" }));
    expect(await meters()).toEqual(expectedMeters(shown));
    expect(shown.usage.resetsAt).toBe((await mail()).resetsAt);
  });

  test("of an upgrade in a trial has the old limits until the payment", async () => {
    const fake = await subscriber("bronze", "monthly", "trialing");
    await gateway.consume(userId, "stamps_used", 100);
    const shown = await preview("titanium");
    await deliver(gateway, fake.planChanged("titanium", Date.now()));
    expect(await meters()).toEqual(expectedMeters(shown));
    expect(shown.usage.meters[0]?.after).toMatchObject({ used: 100, limit: 5_000 });
  });

  test("of a cancellation has the free plan's limits and no charge", async () => {
    const fake = await subscriber("silver");
    const before = requestsOf("preview").length;
    expect(await preview("free")).toMatchObject({
      to: { plan: "free", interval: null },
      timing: "period_end",
      effectiveAt: new Date(fake.periodEnd()).toISOString(),
      dueNow: null,
      nextCharge: null,
      usage: { meters: [{ after: { limit: 500 } }, { after: { limit: 10 } }] },
    });
    expect(requestsOf("preview")).toHaveLength(before);
  });

  test("changes nothing", async () => {
    await subscriber("silver");
    const count = () => database.pool().query("select count(*) from facts where user_id = $1", [userId]);
    const before = (await count()).rows;
    await preview("titanium");
    await preview("bronze");
    expect((await count()).rows).toEqual(before);
    expect(await mail()).toMatchObject({ plan: "silver", scheduledPlan: null });
  });
});
