/** To which user an event belongs: its account of origin, its links, and an event that names two users. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";
import { DAY } from "./period";
import type { StripeObject } from "./processors/stripe/events";
import { playSubscription } from "./processors/stripe/played";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `owner-${users}`;
});

const ULTRA = { product: "writer", plan: "ultra", interval: "yearly" } as const;

function play(user = userId) {
  return playSubscription({ id: `sub_${user}`, userId: user, price: ULTRA, startsAt: Date.now() - 3 * DAY });
}

async function writer(user = userId) {
  return (await gateway.usage(user)).subscriptions.find(({ product }) => product === "writer");
}

describe("Case 9: an event of a connected account", () => {
  const connected = (event: StripeObject): StripeObject => ({ ...event, account: "acct_1" });

  test("is stored and ignored", async () => {
    const created = connected(play().created());
    expect((await deliver(gateway, created)).body).toEqual({
      received: true,
      outcome: "ignored",
      reason: "other_account",
    });
    expect(await writer()).toMatchObject({ plan: "free" });
    expect(await gateway.loadWebhookEvent("stripe", String(created.id))).toMatchObject({ outcome: "ignored" });
  });

  test("is ignored when the settings name another account, also in the other mode", async () => {
    const created = connected({ ...play().created(), livemode: true });
    expect((await deliver(gateway, created, { connectedAccount: "acct_2" })).body).toMatchObject({
      outcome: "ignored",
      reason: "other_account",
    });
  });

  test("is handled when the settings name its account, and so are those of our own account", async () => {
    const played = play();
    const settings = { connectedAccount: "acct_1" };
    expect((await deliver(gateway, connected(played.created()), settings)).body).toMatchObject({ outcome: "applied" });
    expect(await writer()).toMatchObject({ plan: "ultra" });
    expect((await deliver(gateway, played.deleted(Date.now()), settings)).body).toMatchObject({ outcome: "applied" });
  });
});

describe("Case 20: a completed checkout session without a subscription", () => {
  const session = (changes: object) => ({
    id: `evt_session_${userId}`,
    type: "checkout.session.completed",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: "cs_1", customer: `cus_${userId}`, subscription: null, metadata: {}, ...changes } },
  });

  test.each(["payment", "setup"])("in mode %s is ignored, and no alert counts it", async (mode) => {
    expect((await deliver(gateway, session({ mode }))).body).toMatchObject({
      outcome: "ignored",
      reason: "no_subscription",
    });
    const { inbox } = await gateway.measureBilling();
    expect(inbox.filter(({ state }) => state === "deferred")).toEqual([]);
  });

  test("links the customer when our server named the user", async () => {
    const linked = session({ mode: "setup", metadata: { user_id: userId } });
    expect((await deliver(gateway, linked)).body).toMatchObject({ outcome: "applied" });
    const { links } = await gateway.userStory(userId, 1);
    expect(links).toMatchObject([{ kind: "customer", externalId: `cus_${userId}` }]);
  });
});
