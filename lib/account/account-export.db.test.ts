/** The export of an account through the gateway. */
import { beforeEach, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { createGateway } from "@/lib/database/gateway";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { baysTable } from "@/tests/support/acme/bays";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";

const database = testDatabase();
const gateway = createGateway(database.transport({ connections: 24 }));

let users = 0;

let userId = "";

beforeEach(() => {
  users += 1;
  userId = `user-to-erase-${users}`;
});

/** Creates rows of the user in all tables: a subscription, usage, bays, keys, notes. */
async function createAccount({ status }: { status?: "trialing" } = {}) {
  await gateway.ensureUser(userId, `${userId}@example.com`, "Grace Hopper");
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({
    id: `sub_n${users}`,
    userId,
    price,
    startsAt: Date.now() - 3 * DAY_MS,
    status,
  });
  await deliver(gateway, fake.created());
  await gateway.consume(userId, "stamps_used", 120, "a key");
  await gateway.consume(userId, "orders_count", 30);
  await baysTable(gateway).create(userId, "My bot");
  const note = {
    id: `note_${userId}`,
    kind: "refund",
    at: Date.now(),
    customer: `cus_${userId}`,
    amount: 5,
    currency: "usd",
    detail: userId,
  };
  const event = { processor: "stripe", id: `evt_${userId}` } as const;
  await gateway.addNotes(userId, event, [note as never], { subscription: null }).catch(() => {});
  return fake;
}

describe("exporting", () => {
  test("contains all data of the user and none of another user", async () => {
    const fake = await createAccount();
    const exported = userId;
    await deliver(gateway, fake.changed({ cancelAtPeriodEnd: true }, Date.now()));
    const document = await gateway.exportAccount(exported);
    expect(document).toMatchObject({
      profile: { user_id: exported, email: `${exported}@example.com`, name: "Grace Hopper" },
      bays: [{ name: "My bot" }],
      processor_ids: expect.arrayContaining([expect.objectContaining({ kind: "customer" })]),
    });
    expect(document.subscriptions).toContainEqual(
      expect.objectContaining({ product: "mail", usage: expect.objectContaining({ stamps_used: 120 }) }),
    );
    expect(document.events).toHaveLength(2);
    userId = "another-user";
    await createAccount();
    expect(JSON.stringify(await gateway.exportAccount(exported))).not.toContain("another-user");
  });

  test("pages the ledger: each row once, in order", async () => {
    for (let count = 0; count < 7; count += 1) await gateway.consume(userId, "orders_count", 1);
    await gateway.consume(userId, "stamps_used", 3);
    const rows = [];
    for (;;) {
      const page = await gateway.exportLedger(userId, rows.at(-1) ?? null, 3);
      rows.push(...page);
      if (page.length < 3) break;
    }
    expect(rows.map(({ field }) => field)).toEqual([...Array(7).fill("orders_count"), "stamps_used"]);
    expect(new Set(rows.map(({ entry }) => entry)).size).toBe(8);
  });
});
