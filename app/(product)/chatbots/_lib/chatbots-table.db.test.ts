/** The chatbots and their gauge, with concurrent calls on separate connections. */
import { beforeEach, expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";
import { times } from "@/tests/support/times";
import { chatbotsTable } from "./chatbots-table";

const { gateway, meter, query, subscribe } = meteredDatabase();
const chatbots = chatbotsTable(gateway);

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `maker-${users}`;
});

test("5 chatbots at once at 9 of 10: one is created", async () => {
  await subscribe(userId, { plan: "growth" });
  await times(9, (index) => chatbots.create(userId, `Bot ${index}`));
  const made = await times(5, () => chatbots.create(userId, "One more"));
  expect(made.filter(({ chatbot }) => chatbot !== null)).toHaveLength(1);
  expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 10, limit: 10, remaining: 0 });
  expect(await chatbots.list(userId)).toHaveLength(10);
});

test("an override of the limit applies", async () => {
  await gateway.setLimitOverride(userId, "chatbots_count", 2, { by: "admin", expiresAt: null });
  const made = await times(4, () => chatbots.create(userId, "Bot"));
  expect(made.filter(({ chatbot }) => chatbot !== null)).toHaveLength(2);
});

test("the gauge is the number of chatbots after concurrent creations and deletions", async () => {
  await subscribe(userId, { plan: "growth" });
  await times(6, async (index) => {
    for (let round = 0; round < 4; round += 1) {
      const { chatbot } = await chatbots.create(userId, `Bot ${index}`);
      // Of two deletions only one counts.
      if (chatbot && round % 2 === 0)
        await Promise.all([chatbots.delete(userId, chatbot.id), chatbots.delete(userId, chatbot.id)]);
    }
  });
  const { length } = await chatbots.list(userId);
  expect(length).toBeGreaterThan(0);
  expect(await meter(userId, "chatbots_count")).toMatchObject({ used: length });
});

test("a creation during an erasure fails no call, and the gauge is the number of chatbots", async () => {
  await chatbots.create(userId, "Before");
  await Promise.all([
    gateway.eraseAccount(userId),
    ...Array.from({ length: 5 }, () => chatbots.create(userId, "During")),
    gateway.eraseAccount(userId),
  ]);
  const [row] = await query<{ count: number }>("select count(*)::int from chatbots where user_id = $1", [userId]);
  expect(await meter(userId, "chatbots_count")).toMatchObject({ used: row?.count });
});
