/** Discounts by the processors' events, from the signed bytes to the user's view. */
import { beforeEach, expect, test } from "vitest";
import { DAY_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import {
  event as paddleEvent,
  planPrice as paddlePrice,
  subscriptionEntity,
} from "@/lib/sandbox/event-builders/paddle/events";
import { event, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { meteredDatabase } from "@/tests/support/metered";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";

const { gateway, query } = meteredDatabase();

const STARTED = Math.floor(Date.now() / SECOND_MS) * SECOND_MS - 10 * DAY_MS;
let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `discounted-${users}`;
});

const coupon = { id: "spring20", name: "Spring", percent_off: 20, amount_off: null, currency: null };
function discount(type: "created" | "deleted", at: number, over: object = {}): StripeObject {
  const object = {
    id: `di_${userId}`,
    object: "discount",
    customer: `cus_${userId}`,
    subscription: `sub_${userId}`,
    subscription_item: null,
    end: null,
    promotion_code: null,
    source: { type: "coupon", coupon },
    ...over,
  };
  return event(`customer.discount.${type}`, object, undefined, {
    id: `evt_${type}_${userId}`,
    created: at / SECOND_MS,
  });
}

async function shown(product = "mail") {
  const { subscriptions } = await gateway.usage(userId);
  return subscriptions.find((each) => each.product === product)?.discounts;
}

const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
const play = () => fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: STARTED });
const spring = { id: "spring20", name: "Spring", code: null, off: { percent: 20 }, endsAt: null };

test("a discount that arrives before its subscription waits for it, and ends by its own event", async () => {
  await gateway.linkCustomer("stripe", `cus_${userId}`, userId, "checkout");
  expect((await deliver(gateway, discount("created", STARTED))).body).toMatchObject({ outcome: "quarantined" });
  const created = play().created();
  const { object } = created.data as { object: StripeObject };
  await deliver(gateway, { ...created, data: { object: { ...object, discounts: [`di_${userId}`] } } });
  expect(await shown()).toEqual([spring]);
  const [decision] = await gateway.decisions(userId, 1);
  expect(decision).toMatchObject({ reason: "Discount changed", action: "preserve" });

  await deliver(gateway, discount("deleted", STARTED + DAY_MS));
  expect(await shown()).toEqual([]);
  const outcomes = await query("select outcome from webhook_events where user_id = $1", [userId]);
  expect(outcomes).toEqual([{ outcome: "applied" }, { outcome: "applied" }, { outcome: "applied" }]);
});

test("a receipt requests a fetch for a discount with an id only, until its terms are known", async () => {
  const fake = play();
  await deliver(gateway, fake.created());
  const bare = discount("created", STARTED + DAY_MS, { source: { type: "coupon", coupon: "spring20" } });
  const receipt = await deliver(gateway, bare);
  expect(receipt.truncated).toEqual({ userId, processor: "stripe", subscription: `sub_${userId}` });
  expect(await shown()).toEqual([]);

  const known = discount("created", STARTED + 2 * DAY_MS);
  expect((await deliver(gateway, { ...known, id: `evt_known_${userId}` })).truncated).toBeUndefined();
  expect(await shown()).toEqual([spring]);
});

test("a Paddle subscription's event sets its one discount, and a later event removes it", async () => {
  const spec = (over: object = {}) => ({
    ...subscriptionEntity({
      id: `sub_${userId}`,
      customer: `ctm_${userId}`,
      items: [{ price: paddlePrice(price) }],
      createdAt: STARTED,
      updatedAt: STARTED,
      period: { start: STARTED, end: STARTED + 30 * DAY_MS },
    }),
    ...over,
  });
  const send = (id: string, data: object, at: number) =>
    deliverPaddle(gateway, paddleEvent("subscription.updated", { ...data }, { id: `evt_${id}_${userId}`, at }));
  await gateway.linkCustomer("paddle", `ctm_${userId}`, userId, "admin");
  const applied = { id: "dsc_1", starts_at: null, ends_at: null };
  const named = await send("named", spec({ discount: applied }), STARTED);
  expect(named.truncated).toMatchObject({ processor: "paddle" });
  const terms = { description: "Spring", code: "SPRING", type: "percentage", amount: "20", currency_code: null };
  const later = new Date(STARTED + DAY_MS).toISOString();
  await send("whole", spec({ discount: { ...applied, ...terms }, updated_at: later }), STARTED + DAY_MS);
  expect(await shown()).toEqual([{ id: "dsc_1", name: "Spring", code: "SPRING", off: { percent: 20 }, endsAt: null }]);
  const last = new Date(STARTED + 2 * DAY_MS).toISOString();
  await send("removed", spec({ discount: null, updated_at: last }), STARTED + 2 * DAY_MS);
  expect(await shown()).toEqual([]);
});
