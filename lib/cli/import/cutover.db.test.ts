/** `tollgate import` while webhooks already arrive, and killed at any call. */
import { expect, test } from "vitest";
import type { Gateway } from "@/lib/database";
import type { ListedSubscription } from "@/lib/processors/subscription-list";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { importCommand } from "@/tests/support/import-command";
import { interrupted } from "@/tests/support/interrupted";
import { deliver } from "@/tests/support/stripe";
import { listOfStripe, PERIOD_START } from "@/tests/support/subscription-lists";
import { EXIT } from "../context";
import { takeOver } from "./take-over";

const { database, gateway, empty, file, mail, rowCounts, run, subscriptionOf } = importCommand();

const fake = () =>
  fakeStripeSubscription({
    id: "sub_00001",
    userId: "ada",
    customer: "cus_00001",
    price: { product: "mail", plan: "silver", interval: "monthly" },
    startsAt: PERIOD_START,
  });
/** The event of a subscription that another program began: its metadata names no user. */
const foreign = (event: object) => JSON.parse(JSON.stringify(event).replaceAll('"user_id"', '"account"'));
const map = () => file("cutover.csv", ["id,user_id", "cus_00001,ada"]);
const usage = () => file("cutover-usage.csv", ["user_id,field,used", "ada,stamps_used,14000"]);
const used = async () => (await mail("ada"))?.meters.find(({ field }) => field === "stamps_used")?.used;

test("a webhook that waits for its user is decided by the import, and later ones keep the usage", async () => {
  const theirs = fake();
  expect((await deliver(gateway, foreign(theirs.created()))).body).toMatchObject({ outcome: "deferred" });
  const { results } = await run("stripe", [subscriptionOf(1)], { map: map(), usage: usage() });
  expect(results).toEqual({ imported: 1 });
  expect((await database.pool().query("select outcome from webhook_events")).rows).toEqual([{ outcome: "applied" }]);
  expect(await used()).toBe(14_000);
  await deliver(gateway, foreign(theirs.planChanged("titanium", Date.now() + 60_000)));
  expect(await mail("ada")).toMatchObject({ plan: "titanium" });
  expect(await used()).toBe(14_000);
});

test("a webhook that arrived after the page was listed is not overwritten by the page", async () => {
  const state = { all: [subscriptionOf(1)] };
  const { list, requests } = listOfStripe(state);
  const [listed] = (await list.page(null)).subscriptions;
  const theirs = fake();
  await deliver(gateway, theirs.created());
  state.all = [subscriptionOf(1, { canceled: true })];
  await deliver(gateway, theirs.deleted(Date.now()));
  expect(await takeOver("stripe", listed as ListedSubscription, "ada", list, gateway)).toBe("known");
  expect(requests).toHaveLength(1);
  expect(await mail("ada")).toMatchObject({ plan: "free" });
});

test("a webhook that arrives while the subscription is taken over makes the import fetch it again", async () => {
  const state = { all: [subscriptionOf(1)] };
  const { list, requests } = listOfStripe(state);
  const [listed] = (await list.page(null)).subscriptions;
  const theirs = fake();
  const racing = interrupted(gateway, "loadTimeline", async () => {
    await deliver(gateway, theirs.created());
    await deliver(gateway, theirs.deleted(Date.now()));
    state.all = [subscriptionOf(1, { canceled: true })];
  });
  expect(await takeOver("stripe", listed as ListedSubscription, "ada", list, racing)).toBe("imported");
  expect(requests).toContain("GET /v1/subscriptions/sub_00001");
  expect(await mail("ada")).toMatchObject({ plan: "free" });
});

test("an import that is killed at any call continues, and counts the usage once", async () => {
  const all = [subscriptionOf(1, { hadTrial: true }), subscriptionOf(2)];
  const files = { map: file("two.csv", ["id,user_id", "cus_00001,ada", "cus_00002,bob"]), usage: usage() };
  for (let killedAt = 1; ; killedAt++) {
    await empty();
    let calls = 0;
    const killed = new Proxy(gateway, {
      get(target, name: keyof Gateway) {
        const method = target[name] as unknown;
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          const result = await (method as (...all: unknown[]) => Promise<unknown>)(...args);
          calls += 1;
          if (calls >= killedAt) throw new Error("killed");
          return result;
        };
      },
    });
    const first = await run("stripe", all, files, { gateway: killed }).catch(() => null);
    if (first !== null) break;
    await run("stripe", all, files);
    const again = await run("stripe", all, files);
    expect(again.results).toEqual({ known: 2 });
    expect(await used()).toBe(14_000);
    expect(await mail("bob")).toMatchObject({ plan: "silver" });
    expect(await rowCounts()).toMatchObject({ facts: 3, ledger: 1 });
  }
});

test("a customer who is linked to another user is reported and stays there", async () => {
  await gateway.linkCustomer("stripe", "cus_00001", "owner", "admin");
  const { exit, results } = await run("stripe", [subscriptionOf(1)], { map: map() });
  expect([exit, results]).toEqual([EXIT.problems, { conflict: 1 }]);
  expect((await mail("ada"))?.plan).toBe("free");
});
