/** The documents' examples of the webhook simulation. */
import { beforeEach, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { simulationRequest } from "@/lib/sandbox/scenarios/requests";
import { type Simulation, simulate } from "@/lib/sandbox/scenarios/simulate";
import { meteredDatabase } from "@/tests/support/metered";

const { gateway, query, subscribe } = meteredDatabase();

const run = (body: object): Promise<Simulation> => simulate(simulationRequest.parse(body), "admin", gateway);

let users = 0;
let userId = "";
beforeEach(async () => {
  users += 1;
  userId = `simulated-${users}`;
  await subscribe(userId, { plan: "plus", startsAt: Date.now() - 12 * DAY_MS });
  await gateway.consume(userId, "words_used", 12_000);
  await gateway.consume(userId, "transformations_used", 7);
});

test("a plan change keeps 12,000 words used: 23,000 of 35,000 are left", async () => {
  const done = await run({
    userId,
    scenario: "plan_change_preserve_usage",
    customData: { newPlan: "Ultra", newLimit: 35000 },
  });
  expect(done).toMatchObject({ passed: true, decision: { action: "preserve" } });
  expect(done.after).toMatchObject({
    plan: "ultra",
    meters: [{ used: 12_000, limit: 35_000, remaining: 23_000 }, {}],
  });
  expect(await query("select 1 from limit_overrides where user_id = $1", [userId])).toEqual([]);
});

test("a renewal resets", async () => {
  const done = await run({ userId, scenario: "billing_renewal_reset_usage" });
  expect(done).toMatchObject({
    passed: true,
    decision: { action: "reset", reason: "Billing period renewal detected" },
  });
  expect(done.before.meters[0]).toMatchObject({ used: 12_000 });
  expect(done.after.meters[0]).toMatchObject({ used: 0 });
});

test("a new subscription begins at 0", async () => {
  const done = await run({ userId, scenario: "new_subscription", customData: { plan: "Basic", wordsLimit: 5000 } });
  expect(done).toMatchObject({ passed: true, decision: { action: "reset" } });
  expect(done.after).toMatchObject({ plan: "basic", meters: [{ used: 0, limit: 5_000 }, {}] });
});
