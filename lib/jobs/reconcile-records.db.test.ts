import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import type { NamedDiscount, PaymentFact } from "@/lib/billing/types";
import {
  type PaymentRecords,
  type ProcessorClient,
  ProcessorError,
  type SubscriptionReading,
} from "@/lib/processors/processor-client";
import { readingOf } from "@/lib/processors/reading";
import { chargeObject, disputeObject, event, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { meteredDatabase } from "@/tests/support/metered";
import { normalized } from "@/tests/support/normalized-stripe";
import { deliver } from "@/tests/support/stripe";
import { type FetchedSubscription, type FetchSubscription, fetchThrough, reconcileSubscriptions } from "./reconcile";

const { gateway, query } = meteredDatabase();

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
/** The payment of an event that was not delivered, from the processor's list. */
function listed(object: StripeObject): PaymentRecords["payments"] {
  const read = normalized(object);
  if (read.outcome !== "facts") throw new Error(read.outcome);
  return read.facts.map(({ product, fact }) => ({
    product,
    fact: { ...(fact as PaymentFact), id: `stripe:read:${fact.id}` },
  }));
}
const paymentsOf = (...objects: StripeObject[]): PaymentRecords => ({ payments: objects.flatMap(listed), notes: [] });

function notesOf(object: StripeObject, customer = `cus_${userId}`): PaymentRecords {
  const read = normalized(object);
  if (read.outcome !== "facts") throw new Error(read.outcome);
  return { payments: [], notes: (read.notes ?? []).map((note) => ({ ...note, customer })) };
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
const storedFacts = () => query("select fact_id from facts where user_id = $1 order by fact_id", [userId]);
const storedNotes = () =>
  query("select note_id, kind, amount::integer as amount, detail from notes where user_id = $1 order by note_id", [
    userId,
  ]);

describe("a payment", () => {
  /** A change to Titanium with a failed charge: Silver's limits apply until it is paid. */
  async function declined() {
    const fake = await subscriber();
    await deliver(gateway, fake.paid("subscription_create", STARTED + SECOND_MS));
    const changed = fake.planChanged("titanium", NOW - 2 * HOUR_MS);
    await deliver(gateway, changed);
    const failed = fake.paymentFailed("subscription_update", NOW - 2 * HOUR_MS + SECOND_MS);
    const paid = fake.paid("subscription_update", NOW - HOUR_MS);
    const same = fake.changed({ metadata: { user_id: userId, note: "same" } }, NOW);
    return { failed, paid, same };
  }

  test("with a lost event raises the limits, and the late event changes nothing", async () => {
    const { failed, paid, same } = await declined();
    await deliver(gateway, failed);
    expect(await mail()).toMatchObject({ plan: "titanium", limitPlan: "silver" });

    const there = answer(fetched(same, paymentsOf(paid)));
    const compared = await round(there, false);
    expect(compared).toMatchObject({ different: 1, repaired: 0 });
    expect(fieldsOf(compared)).toEqual(["payment"]);
    expect(await mail()).toMatchObject({ limitPlan: "silver" });

    expect(await round(there)).toMatchObject({ different: 1, repaired: 1 });
    const repaired = await mail();
    expect(repaired).toMatchObject({ plan: "titanium", limitPlan: "titanium" });
    const facts = await storedFacts();
    expect(await round(there)).toMatchObject({ checked: 1, different: 0, findings: [] });
    expect(await storedFacts()).toEqual(facts);
    // A stored fact never changes: another outcome at the processor is no difference that could be repaired.
    const other = paymentsOf(paid).payments.map(({ product, fact }) => {
      return { product, fact: { ...fact, outcome: "failed" as const } };
    });
    expect(await round(answer(fetched(same, { payments: other, notes: [] })))).toMatchObject({ different: 0 });
    await deliver(gateway, paid);
    expect(await mail()).toEqual(repaired);
  });

  test("with a lost failure is an open invoice, and lowers the limits to the last paid plan", async () => {
    const { failed, same } = await declined();
    expect(await mail()).toMatchObject({ plan: "titanium", limitPlan: "titanium" });
    const report = await round(answer(fetched(same, paymentsOf(failed))));
    expect(fieldsOf(report)).toEqual(["openInvoice"]);
    expect(report).toMatchObject({ repaired: 1 });
    expect(await mail()).toMatchObject({ plan: "titanium", limitPlan: "silver" });
  });

  test("that is made during the open invoice's fetch counts", async () => {
    const { failed, paid, same } = await declined();
    let fetches = 0;
    const report = await round(async () => {
      fetches += 1;
      if (fetches === 2) await deliver(gateway, paid);
      return fetched(same, paymentsOf(failed));
    });
    expect(fetches).toBe(2);
    expect(fieldsOf(report)).toEqual(["openInvoice"]);
    expect(await mail()).toMatchObject({ plan: "titanium", limitPlan: "titanium" });
  });

  test("without a listed price counts for the plan of its item", async () => {
    const { failed, paid, same } = await declined();
    await deliver(gateway, failed);
    const records: PaymentRecords = {
      payments: listed(paid).map(({ fact }) => ({
        product: null,
        fact: {
          ...fact,
          plan: null,
          unlisted: [
            {
              id: `si_${userId}`,
              product: null,
              price: "price_own",
              purpose: "proration",
              periodStart: fact.periodStart,
              periodEnd: fact.periodEnd,
              paidInFull: true,
            },
          ],
        },
      })),
      notes: [],
    };
    expect(fieldsOf(await round(answer(fetched(same, records)), false))).toEqual(["payment"]);
  });
});

describe("a refund or a dispute", () => {
  const refund = () => {
    const spec = {
      id: `ch_${userId}`,
      customer: `cus_${userId}`,
      invoice: "in_1",
      amount: 1_999,
      created: NOW / SECOND_MS,
    };
    return event("charge.refunded", chargeObject({ ...spec, refunded: 500 }, "basil"), undefined, {
      id: `evt_refund_${userId}`,
      created: NOW / SECOND_MS,
    });
  };
  const dispute = () => {
    const spec = { id: `du_${userId}`, charge: `ch_${userId}`, amount: 1_999, created: NOW / SECOND_MS };
    return event("charge.dispute.created", disputeObject({ ...spec, status: "needs_response" }, "basil"), undefined, {
      id: `evt_dispute_${userId}`,
      created: NOW / SECOND_MS,
    });
  };
  const same = (fake: Awaited<ReturnType<typeof subscriber>>) =>
    fake.changed({ metadata: { user_id: userId, note: "same" } }, NOW);

  test("with a lost event appears once in the user's details", async () => {
    const there = answer(fetched(same(await subscriber()), notesOf(refund())));
    const compared = await round(there, false);
    expect(compared.findings[0]?.differences).toEqual([{ field: "refund", here: null, there: "5.00 USD" }]);
    expect(await storedNotes()).toEqual([]);

    expect(await round(there)).toMatchObject({ different: 1, repaired: 1 });
    const note = { note_id: `stripe:ch_${userId}:refund:500`, kind: "refund", amount: 500, detail: null };
    expect(await storedNotes()).toEqual([note]);
    expect((await gateway.userDetail(userId, 5)).notes).toMatchObject([{ kind: "refund", amount: 500 }]);

    expect(await round(there)).toMatchObject({ different: 0 });
    await deliver(gateway, refund());
    expect(await storedNotes()).toEqual([note]);
  });

  test("with an event is no difference", async () => {
    const there = answer(fetched(same(await subscriber()), notesOf(refund())));
    await deliver(gateway, refund());
    expect(await round(there)).toMatchObject({ different: 0, findings: [] });
    expect(await storedNotes()).toHaveLength(1);
  });

  test("with an event without a customer gets its user", async () => {
    const there = answer(fetched(same(await subscriber()), notesOf(dispute())));
    await deliver(gateway, dispute());
    expect(await storedNotes()).toEqual([]);
    const report = await round(there);
    expect(report.findings[0]?.differences).toEqual([
      { field: "dispute", here: null, there: "19.99 USD, needs_response" },
    ]);
    expect(report).toMatchObject({ repaired: 1 });
    expect(await storedNotes()).toMatchObject([{ kind: "dispute_opened" }]);
  });

  test("of another user's customer is not added to this user", async () => {
    const fake = await subscriber();
    await gateway.linkCustomer("stripe", `cus_other_${userId}`, `other-${userId}`, "admin");
    const there = answer(fetched(same(fake), notesOf(refund(), `cus_other_${userId}`)));
    expect(await round(there)).toMatchObject({ different: 0 });
    expect(await storedNotes()).toEqual([]);
  });
});

describe("payments that cannot be listed", () => {
  test("are counted, and the subscription is still compared", async () => {
    const fake = await subscriber();
    const report = await round(answer(fetched(fake.planChanged("titanium", NOW), null)));
    expect(report).toMatchObject({ checked: 1, different: 1, repaired: 1, recordsUnread: 1 });
    expect(await mail()).toMatchObject({ plan: "titanium" });
    const spring: NamedDiscount = {
      key: "di_1",
      terms: { id: "spring20", name: null, code: null, off: { percent: 20 } },
      endsAt: null,
    };
    const same = fake.changed({ metadata: { user_id: userId, note: "same" } }, NOW + SECOND_MS);
    expect(fieldsOf(await round(answer(fetched(same, null, [spring]))))).toEqual(["discount"]);
  });

  test("are requested five times per round, and every subscription is fetched", async () => {
    const asked = { subscription: 0, paymentRecords: 0 };
    const reading: SubscriptionReading = {
      identity: { customer: null, subscription: "sub_1", trustedUserId: null },
      facts: [],
      shared: null,
      timestampSource: "fetch",
    };
    const client = {
      async subscription() {
        asked.subscription += 1;
        return reading;
      },
      async paymentRecords() {
        asked.paymentRecords += 1;
        throw new ProcessorError("not permitted", "invalid", "more_permissions_required");
      },
    } as unknown as ProcessorClient;
    const fetch = fetchThrough(async () => ({ client, sold: () => undefined, sells: true }));
    for (let id = 0; id < 20; id += 1) {
      expect(await fetch({ processor: "stripe", subscription: `sub_${id}` })).toMatchObject({ records: null });
    }
    expect(asked).toEqual({ subscription: 20, paymentRecords: 5 });
  });
});
