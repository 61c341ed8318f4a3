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
