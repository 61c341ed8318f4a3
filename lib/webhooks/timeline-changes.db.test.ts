/** A delivery sends only the changes of a timeline if the stored rows have its rules, and the whole timeline otherwise. */
import { beforeEach, describe, expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Gateway } from "@/lib/database";
import {
  type FakeStripeSubscription,
  fakeStripeSubscription,
} from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { interrupted } from "@/tests/support/interrupted";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { rebuild } from "./rebuild";

const { gateway, query, meter } = meteredDatabase();

let users = 0;
let userId = "";
let subscription: FakeStripeSubscription;
/** Whether each commit knew the stored timeline. */
let known: boolean[] = [];
const watched: Gateway = {
  ...gateway,
  commitTimeline(input) {
    known.push(Boolean(input.stored));
    return gateway.commitTimeline(input);
  },
};

type StripeEvent = ReturnType<FakeStripeSubscription["created"]>;

async function send(event: StripeEvent, by: Gateway = watched): Promise<void> {
  expect((await deliver(by, event)).body).toMatchObject({ outcome: "applied" });
}

const differences = async () => (await rebuild(gateway, userId, "mail", false)).differences.map(({ part }) => part);
const foldedBy = async () =>
  (await query<{ by: string | null }>("select folded_by as by from subscriptions where user_id = $1", [userId]))[0]?.by;
const useOtherRules = () => query("update subscriptions set folded_by = 'other rules' where user_id = $1", [userId]);

beforeEach(async () => {
  users += 1;
  userId = `changes-${users}`;
  subscription = fakeStripeSubscription({
    id: `sub_${userId.replace("-", "")}`,
    userId,
    price: { product: "mail", plan: "silver", interval: "monthly" },
    startsAt: addMonths(Date.now() - HOUR_MS, -2),
  });
  await send(subscription.created());
  known = [];
});

/** The next period and its payment, an upgrade, a payment that fails, and the end. */
function events(): StripeEvent[] {
  const start = subscription.periodEnd();
  return [
    subscription.renewed(),
    subscription.paid("subscription_cycle", start),
    subscription.planChanged("titanium", start + 3 * DAY_MS),
    subscription.paid("subscription_update", start + 3 * DAY_MS),
    subscription.changed({ defaultPaymentMethod: "pm_other" }, start + 4 * DAY_MS),
    subscription.changed({ status: "past_due" }, start + 5 * DAY_MS),
    subscription.changed({ status: "active" }, start + 6 * DAY_MS),
    subscription.deleted(start + 7 * DAY_MS),
  ];
}

test("after the first delivery only changes are sent, and the rows are those of a fold of all facts", async () => {
  for (const event of events()) {
    await send(event);
    expect(await differences()).toEqual([]);
  }
  expect(known).toEqual(Array(8).fill(true));
  expect(await foldedBy()).not.toBeNull();
});

test("an event that arrives late is stored as a fold of all facts stores it", async () => {
  const [renewed, paid, upgraded, ...later] = events() as [StripeEvent, StripeEvent, StripeEvent];
  for (const event of [paid, ...later, upgraded, renewed]) await send(event);
  expect(await differences()).toEqual([]);
});

test("a payment without a change of the entitlement keeps the usage since it was read", async () => {
  const [renewed, paid] = events() as [StripeEvent, StripeEvent];
  await send(renewed);
  await gateway.consume(userId, "stamps_used", 3);
  await send(paid);
  expect(await meter(userId, "stamps_used")).toMatchObject({ used: 3 });
  expect(await differences()).toEqual([]);
});

describe("rows of other rules", () => {
  test("are replaced as a whole", async () => {
    await useOtherRules();
    await query("update entitlement_periods set plan = 'bronze' where user_id = $1 and source <> 'free'", [userId]);
    await send(events()[4] as StripeEvent);
    expect(known).toEqual([false]);
    expect(await differences()).toEqual([]);
  });

  test("that another process stores meanwhile make the delivery fold again", async () => {
    await send(events()[0] as StripeEvent, interrupted(watched, "receiveWebhookEvent", useOtherRules));
    expect(known).toEqual([true, false]);
    expect(await differences()).toEqual([]);
  });
});

test("a repair forgets the rules", async () => {
  await rebuild(gateway, userId, "mail", true);
  expect(await foldedBy()).toBeNull();
  await send(events()[0] as StripeEvent);
  expect(known).toEqual([false]);
  expect(await differences()).toEqual([]);
});
