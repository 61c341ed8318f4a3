/** Discounts that differ at the processor are corrected. */
import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type { DiscountTerms, NamedDiscount } from "@/lib/billing/types";
import { readingOf } from "@/lib/processors/reading";
import { event, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { meteredDatabase } from "@/tests/support/metered";
import { normalized } from "@/tests/support/normalized-stripe";
import { deliver } from "@/tests/support/stripe";
import { type FetchedSubscription, type FetchSubscription, reconcileSubscriptions } from "./reconcile";

const { gateway } = meteredDatabase();

const NOW = Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
const STARTED = NOW - 10 * DAY_MS;
let users = 0;

let userId = "";

beforeEach(() => {
  users += 1;
  userId = `compared-${users}`;
});

/** A Silver subscriber here; `there` is the current subscription at the processor. */
async function subscriber() {
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: STARTED });
  await deliver(gateway, fake.created());
  return fake;
}
/** The subscription of an event that was not delivered. */
function fetched(
  object: StripeObject,
  records: FetchedSubscription["records"] = { payments: [], notes: [] },
  discounts?: NamedDiscount[],
): FetchedSubscription {
  const read = normalized(object);
  if (read.outcome !== "facts") throw new Error(read.outcome);
  const { facts, shared } = readingOf(read);
  const entries = facts.map(({ product, fact }) => ({
    product,
    fact: { ...fact, previous: null, ...(discounts && { discounts }) },
  }));
  return { facts: entries, shared, timestampSource: "fetch", records };
}
const answer =
  (result: FetchedSubscription): FetchSubscription =>
  async () =>
    result;
const round = (fetch: FetchSubscription, repair = true) => reconcileSubscriptions(gateway, fetch, { repair, userId });
const fieldsOf = ({ findings }: Awaited<ReturnType<typeof round>>) =>
  findings.flatMap(({ differences }) => differences.map(({ field }) => field));
const mail = async () => {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
};

describe("a discount", () => {
  const terms: DiscountTerms = { id: "spring20", name: "Spring", code: "SPRING", off: { percent: 20 } };
  const ENDS = NOW + 90 * DAY_MS;
  const spring: NamedDiscount = { key: "di_1", terms, endsAt: ENDS };
  const shown = { ...terms, endsAt: new Date(ENDS).toISOString() };
  const ended = (at: number) => {
    const object = {
      id: "di_1",
      object: "discount",
      deleted: true,
      customer: `cus_${userId}`,
      subscription: `sub_${userId}`,
    };
    return event("customer.discount.deleted", object, undefined, {
      id: `evt_ended_${userId}`,
      created: at / SECOND_MS,
    });
  };

  test("with a lost beginning is added without a change of limits, and one with a lost end is removed", async () => {
    const fake = await subscriber();
    const same = fake.changed({ metadata: { user_id: userId, note: "same" } }, NOW);
    const before = await mail();
    expect(before.discounts).toEqual([]);
    const there = answer(fetched(same, undefined, [spring]));
    const compared = await round(there);
    expect(compared.findings[0]?.differences).toEqual([
      { field: "discount", here: null, there: `20% off by SPRING until ${shown.endsAt}` },
    ]);
    expect(compared).toMatchObject({ repaired: 1 });
    expect(await mail()).toEqual({ ...before, discounts: [shown] });
    expect(await round(there)).toMatchObject({ different: 0 });

    const removed = answer(fetched(fake.changed({ metadata: { user_id: userId } }, NOW + SECOND_MS), undefined, []));
    expect(fieldsOf(await round(removed))).toEqual(["discount"]);
    expect(await mail()).toEqual(before);
  });

  test("that ends during the fetch has ended", async () => {
    const fake = await subscriber();
    const same = fake.changed({ metadata: { user_id: userId, note: "same" } }, NOW);
    await round(answer(fetched(same, undefined, [spring])));
    let fetches = 0;
    await round(async () => {
      fetches += 1;
      if (fetches === 2) await deliver(gateway, ended(NOW + 2 * SECOND_MS));
      return fetched(same, undefined, [{ ...spring, endsAt: null }]);
    });
    expect(fetches).toBe(2);
    expect((await mail()).discounts).toEqual([]);
  });

  test("with an id only is not compared, and one past its end is not shown", async () => {
    const fake = await subscriber();
    const same = fake.changed({ metadata: { user_id: userId, note: "same" } }, NOW);
    expect(await round(answer(fetched(same, undefined, [{ key: "di_1", terms: null }])))).toMatchObject({
      different: 0,
    });
    await round(answer(fetched(same, undefined, [{ ...spring, endsAt: NOW - DAY_MS }])));
    expect((await mail()).discounts).toEqual([]);
  });
});
