import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, SECOND_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { type PaymentRecords, type ProcessorClient, ProcessorError } from "@/lib/processors/processor-client";
import { readingOf } from "@/lib/processors/reading";
import { planPrice, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { meteredDatabase } from "@/tests/support/metered";
import { normalized } from "@/tests/support/normalized-stripe";
import { deliver } from "@/tests/support/stripe";
import { type FetchedSubscription, type FetchSubscription, fetchThrough, reconcileSubscriptions } from "./reconcile";
import { runExclusively } from "./run";

const { database, gateway, query } = meteredDatabase();

const STARTED = Math.floor(Date.now() / SECOND_MS) * SECOND_MS - 10 * DAY_MS;
let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `reconciled-${users}`;
});

/** A Silver subscriber here; `there` is the current subscription at the processor. */
async function subscriber() {
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: STARTED });
  await deliver(gateway, fake.created());
  await gateway.consume(userId, "stamps_used", 700);
  return fake;
}

/** The snapshot of an event that was never delivered, as if it had been fetched. */
function fetched(event: StripeObject): FetchedSubscription {
  const read = normalized(event);
  if (read.outcome !== "facts") throw new Error(read.outcome);
  const facts = read.facts.flatMap(({ product, fact }) => (fact.kind === "snapshot" ? [{ product, fact }] : []));
  return {
    facts: facts.map(({ product, fact }) => ({ product, fact: { ...fact, previous: null } })),
    shared: readingOf(read).shared,
    timestampSource: "fetch",
    records: NONE,
  };
}

const NONE: PaymentRecords = { payments: [], notes: [] };

const answer =
  (result: Awaited<ReturnType<FetchSubscription>>): FetchSubscription =>
  async () =>
    result;
const round = (fetch: FetchSubscription, repair: boolean) => reconcileSubscriptions(gateway, fetch, { repair, userId });
const mail = async () => {
  const found = (await gateway.usage(userId)).subscriptions.find(({ product }) => product === "mail");
  if (!found) throw new Error("no mail");
  return found;
};

describe("a live subscription", () => {
  test("that is the same at its processor is not changed", async () => {
    const fake = await subscriber();
    const same = fetched(fake.changed({ metadata: { user_id: userId, note: "same" } }, Date.now()));
    expect(await round(answer(same), true)).toMatchObject({ checked: 1, different: 0, findings: [] });
    expect(await query("select 1 from facts where user_id = $1", [userId])).toHaveLength(1);
  });

  test("with a lost plan change is reported, and repaired on request with the usage kept", async () => {
    const fake = await subscriber();
    const there = fetched(fake.planChanged("titanium", Date.now()));
    const compared = await round(answer(there), false);
    expect(compared).toMatchObject({ checked: 1, different: 1, repaired: 0 });
    expect(compared.findings[0]).toMatchObject({
      finding: "different",
      differences: [{ field: "plan", here: "silver", there: "titanium" }],
      repaired: false,
    });
    expect(await mail()).toMatchObject({ plan: "silver" });

    expect(await round(answer(there), true)).toMatchObject({ different: 1, repaired: 1 });
    expect(await mail()).toMatchObject({ plan: "titanium", meters: [{ used: 700, limit: 35_000 }, {}] });
    expect(await round(answer(there), true)).toMatchObject({ different: 0, repaired: 0 });
    const [decision] = await gateway.decisions(userId, 1);
    expect(decision).toMatchObject({ eventType: "subscription.fetched", reason: "Plan change mid-cycle detected" });
  });

  test("with a lost renewal opens its period by the fetch, and the late event changes nothing", async () => {
    const fake = await subscriber();
    const renewed = fake.renewed();
    const report = await round(answer(fetched(renewed)), true);
    expect(report.findings[0]?.differences.map(({ field }) => field)).toEqual(["periodStart", "periodEnd"]);
    expect(report).toMatchObject({ repaired: 1 });
    const repaired = await mail();
    expect(repaired.meters[0]).toMatchObject({ used: 0 });
    await deliver(gateway, renewed);
    expect(await mail()).toEqual(repaired);
  });

  test("with a lost end is ended", async () => {
    const fake = await subscriber();
    expect(await round(answer(fetched(fake.deleted(Date.now()))), true)).toMatchObject({ repaired: 1 });
    expect(await mail()).toMatchObject({ plan: "free", status: "canceled" });
  });

  test("that lost one product's plan and changed the other's is repaired for both", async () => {
    const price = (product: "mail" | "depot", plan: string) => planPrice({ product, plan, interval: "monthly" });
    const fake = await subscriber();
    const bots = { id: `si_${userId}_bots`, price: price("depot", "solo") };
    const words = { id: `si_${userId}`, price: price("mail", "silver") };
    await deliver(gateway, fake.changed({ items: [words, bots] }, Date.now() - DAY_MS));
    const left = fake.changed({ items: [{ ...bots, price: price("depot", "office") }] }, Date.now());
    const report = await round(answer(fetched(left)), true);
    expect(report.findings.map(({ product, finding, repaired }) => ({ product, finding, repaired }))).toContainEqual({
      product: "depot",
      finding: "different",
      repaired: true,
    });
    const held = (await gateway.usage(userId)).subscriptions.map(({ product, plan }) => [product, plan]);
    expect(held).toEqual([
      ["depot", "office"],
      ["mail", "free"],
    ]);
  });

  test("that the processor does not know is reported and not changed", async () => {
    await subscriber();
    const before = await mail();
    const report = await round(answer("not_found"), true);
    expect(report).toMatchObject({ checked: 1, notFound: 1, repaired: 0, findings: [{ finding: "not_found" }] });
    expect(await mail()).toEqual(before);
  });

  test("without a price of the catalog is reported", async () => {
    await subscriber();
    expect(await round(answer({ facts: [], timestampSource: "fetch", records: NONE }), true)).toMatchObject({
      findings: [{ finding: "unknown_price", repaired: false }],
    });
  });

  test("fetched with a clock behind is not older than the known events", async () => {
    const fake = await subscriber();
    await deliver(gateway, fake.changed({ metadata: { user_id: userId, note: "same" } }, Date.now()));
    const there = fetched(fake.planChanged("titanium", Date.now() - DAY_MS));
    expect(await round(answer(there), true)).toMatchObject({ different: 1, repaired: 1 });
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });

  test("keeps a webhook that arrives during the fetch", async () => {
    const fake = await subscriber();
    const webhook = fake.planChanged("bronze", Date.now() + SECOND_MS);
    let fetches = 0;
    const fetch: FetchSubscription = async () => {
      fetches += 1;
      if (fetches > 1) return fetched(webhook);
      await deliver(gateway, webhook);
      return fetched(fake.planChanged("titanium", Date.now() - DAY_MS));
    };
    expect(await round(fetch, true)).toMatchObject({ different: 1, repaired: 1 });
    expect(await mail()).toMatchObject({ plan: "bronze" });
    expect(fetches).toBe(2);
  });

  test("keeps a webhook that arrives during the repair's own fetch", async () => {
    const fake = await subscriber();
    // From Silver: nothing but the order of the times says that Bronze is later than the fetched plan.
    const webhook = fake.planChanged("bronze", Date.now());
    const stale = fetched(fake.planChanged("titanium", Date.now() - DAY_MS));
    let fetches = 0;
    const fetch: FetchSubscription = async () => {
      fetches += 1;
      if (fetches === 2) await deliver(gateway, webhook);
      return stale;
    };
    await round(fetch, true);
    expect([fetches, (await mail()).plan]).toEqual([2, "bronze"]);
  });

  test("is not changed if the second fetch fails", async () => {
    const fake = await subscriber();
    const answers = [fetched(fake.planChanged("titanium", Date.now() - DAY_MS)), "unreachable" as const];
    expect(await round(async () => answers.shift() ?? "unreachable", true)).toMatchObject({
      different: 1,
      repaired: 0,
    });
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("keeps an event that is newer than the fetched state", async () => {
    const fake = await subscriber();
    const stale = fetched(fake.planChanged("bronze", Date.now() - DAY_MS));
    await deliver(gateway, fake.planChanged("titanium", Date.now()));
    const report = await round(answer({ ...stale, timestampSource: "processor" }), true);
    expect(report).toMatchObject({ different: 1, repaired: 0 });
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });
});

describe("a fetch through the processors", () => {
  const client = (subscription: () => Promise<FetchedSubscription>) => ({ subscription }) as unknown as ProcessorClient;
  const found = (subscription: () => Promise<FetchedSubscription>) => async () => ({
    client: client(subscription),
    sold: () => undefined,
    sells: true,
  });
  const subject = (id: number) => ({ processor: "stripe", subscription: `sub_${id}` }) as const;

  test("is tried five times per round without an answer, and reports no difference", async () => {
    let asked = 0;
    const fetch = fetchThrough(
      found(async () => {
        asked += 1;
        throw new ProcessorError("down", "unavailable", null);
      }),
    );
    for (let id = 0; id < 20; id += 1) expect(await fetch(subject(id))).toBe("unreachable");
    expect(asked).toBe(5);
  });

  test("reports an unknown subscription, and fetches one of two products once", async () => {
    let asked = 0;
    const fetch = fetchThrough(
      found(async () => {
        asked += 1;
        throw new ProcessorError("no such subscription", "not_found", "resource_missing");
      }),
    );
    expect([await fetch(subject(1)), await fetch(subject(1))]).toEqual(["not_found", "not_found"]);
    expect(asked).toBe(1);
    expect(await fetch(subject(1), "again")).toBe("not_found");
    expect(asked).toBe(2);
    expect(await fetchThrough(async () => undefined)(subject(1))).toBe("unreachable");
  });
});

describe("a job", () => {
  test("runs once if several processes start it at once", async () => {
    const others = [gateway, ...[1, 2, 3].map(() => createGateway(postgresTransport(database.url)))];
    let worked = 0;
    let refused = 0;
    let allRefused = () => {};
    const othersRefused = new Promise<void>((resolve) => {
      allRefused = resolve;
    });
    const rounds = await Promise.all(
      others.map(async (each, place) => {
        const round = await runExclusively({ name: "at_once", by: `process ${place}` }, each, async () => {
          worked += 1;
          // The round lasts until the other three are refused.
          await othersRefused;
          return {};
        });
        if (!round.ran) refused += 1;
        if (refused === 3) allRefused();
        return round;
      }),
    );
    expect(worked).toBe(1);
    expect(rounds.filter(({ ran }) => ran)).toHaveLength(1);
    await Promise.all(others.slice(1).map((each) => each.end()));
  });

  test("can run again after a killed run's lease, and at once after a failed run", async () => {
    expect(await gateway.beginJob("killed", "a process", 3_600, 0)).toEqual(expect.any(Number));
    expect(await runExclusively({ name: "killed", by: "another" }, gateway, async () => ({}))).toMatchObject({
      ran: false,
    });
    await query("update job_runs set lease_until = now() where job = 'killed'");
    expect(await runExclusively({ name: "killed", by: "another" }, gateway, async () => ({}))).toMatchObject({
      ran: true,
    });

    const failing = runExclusively({ name: "failing", by: "a process" }, gateway, async () => {
      throw new Error("broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(await runExclusively({ name: "failing", by: "another" }, gateway, async () => ({ done: 3 }))).toMatchObject({
      ran: true,
    });
    expect(await query("select error, result from job_runs where job = 'failing' order by run_id")).toEqual([
      { error: "Error: broken", result: null },
      { error: null, result: { done: 3 } },
    ]);
  });

  test("keeps the interval of one scheduler with two schedulers", async () => {
    const often = { name: "often", by: "scheduler", notWithinSeconds: 30 };
    expect(await runExclusively(often, gateway, async () => ({}))).toMatchObject({ ran: true });
    expect(await runExclusively(often, gateway, async () => ({}))).toMatchObject({ ran: false });
  });
});
