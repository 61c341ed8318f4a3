import { describe, expect, test, vi } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { simulationRequest } from "./requests";
import { SCENARIO_IDS, SCENARIOS, type ScenarioId } from "./scenarios";
import { type Simulation, simulate } from "./simulate";

vi.stubEnv("PADDLE_WEBHOOK_SECRET", "pdl_ntfset_test");

const { gateway, query, subscribe } = meteredDatabase();

const run = (body: object): Promise<Simulation> => simulate(simulationRequest.parse(body), "admin", gateway);
const failed = ({ checks }: Simulation) => checks.filter(({ ok }) => !ok);

let users = 0;
/** The states of a user before a simulation. */
const STATES = {
  unknown: async () => {},
  free: async (userId: string) => {
    await gateway.consume(userId, "stamps_used", 120);
  },
  active: async (userId: string) => {
    await subscribe(userId, { plan: "silver", startsAt: Date.now() - 12 * DAY_MS });
    await gateway.consume(userId, "stamps_used", 12_000);
    await gateway.consume(userId, "parcels_sent", 7);
  },
  yearly: async (userId: string) => {
    await subscribe(userId, { plan: "titanium", interval: "yearly", startsAt: Date.now() - 100 * DAY_MS });
    await gateway.consume(userId, "stamps_used", 9_000);
  },
  pastDue: async (userId: string) => {
    const fake = await subscribe(userId, { plan: "silver", startsAt: Date.now() - 32 * DAY_MS });
    await gateway.consume(userId, "stamps_used", 800);
    await deliver(gateway, fake.renewed());
    await deliver(gateway, fake.changed({ status: "past_due" }, Date.now() - HOUR_MS));
  },
  canceling: async (userId: string) => {
    const fake = await subscribe(userId, { plan: "silver", startsAt: Date.now() - 12 * DAY_MS });
    await gateway.consume(userId, "stamps_used", 300);
    await deliver(gateway, fake.changed({ cancelAtPeriodEnd: true }, Date.now() - HOUR_MS));
  },
};
type StateName = keyof typeof STATES;
const STATE_NAMES = Object.keys(STATES) as StateName[];

async function inState(state: StateName): Promise<string> {
  users += 1;
  const userId = `simulated-${users}`;
  await STATES[state](userId);
  return userId;
}

/** The parts of a result that do not depend on the ids of a run. */
const comparable = ({ decision, before, after, events, passed }: Simulation) => ({
  decision,
  before: { ...before, windowStart: null, resetsAt: null, periodStart: null, periodEnd: null },
  after: { ...after, windowStart: null, resetsAt: null, periodStart: null, periodEnd: null, graceUntil: null },
  events: events.map(({ id: _, ...event }) => event),
  passed,
});

describe.each(["stripe", "paddle"] as const)("at %s", (processor) => {
  describe.each(STATE_NAMES)("for a user in the state %s", (state) => {
    test.each(SCENARIO_IDS)("%s passes, and its dry run gives the same result", async (scenario) => {
      const userId = await inState(state);
      const dry = await run({ userId, scenario, processor, dryRun: true });
      const real = await run({ userId, scenario, processor });
      expect(failed(real)).toEqual([]);
      expect(real.passed).toBe(true);
      expect(comparable(dry)).toEqual(withinSeconds(comparable(real), comparable(dry)));
    });
  });
});

describe("a limit that is not the plan's", () => {
  test("becomes an override", async () => {
    const userId = await inState("active");
    const done = await run({
      userId,
      scenario: "plan_change_preserve_usage",
      customData: { newPlan: "TITANIUM", newLimit: 40_000 },
    });
    expect(done.after.meters[0]).toMatchObject({ used: 12_000, limit: 40_000, remaining: 28_000 });
    expect(
      await query("select granted_by, limit_amount::int, reason from limit_overrides where user_id = $1", [userId]),
    ).toEqual([{ granted_by: "admin", limit_amount: 40_000, reason: "simulation" }]);
  });

  test.each([
    [{ newPlan: "Platinum" }, "customData.newPlan"],
    [{ plan: "free" }, "customData.plan"],
    [{ plan: "Solo", product: "mail" }, "customData.plan"],
    [{ plan: "Solo", stampsLimit: 5 }, "customData.stampsLimit"],
    [{ newLimit: 5 }, "customData.newLimit"],
  ])("%j is refused with the field named, and nothing changes", async (customData, field) => {
    const before = await contents();
    await expect(run({ userId: "refused", scenario: "new_subscription", customData })).rejects.toMatchObject({
      problem: "bad_input",
      details: { field },
    });
    expect(await contents()).toEqual(before);
  });
});

/** A checksum of the rows of each table. */
async function contents(): Promise<Record<string, string>> {
  const tables = await query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where relnamespace = 'tollgate'::regnamespace and relkind = 'r'",
  );
  const sums: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await query<{ sum: string }>(
      `select count(*) || ':' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from ${name} t`,
    );
    sums[name] = row?.sum ?? "";
  }
  return sums;
}

describe("a dry run", () => {
  test.each(STATE_NAMES)("of every scenario changes no row, for a user in the state %s", async (state) => {
    const userId = await inState(state);
    const before = await contents();
    expect(Object.keys(before).length).toBeGreaterThan(20);
    for (const scenario of SCENARIO_IDS) {
      for (const processor of ["stripe", "paddle"]) {
        await run({ userId, scenario, processor, dryRun: true, customData: { plan: "Titanium", newLimit: 7 } });
      }
    }
    expect(await contents()).toEqual(before);
  });
});

test("a failed scenario names the values that differ", async () => {
  const entry = SCENARIOS.billing_renewal_reset_usage as { expects: object };
  const { expects } = entry;
  entry.expects = { ...expects, usage: "kept", reasons: ["New subscription"] };
  try {
    const done = await run({ userId: await inState("active"), scenario: "billing_renewal_reset_usage" });
    expect(done.passed).toBe(false);
    expect(failed(done)).toMatchObject([
      { what: "Reason", expected: "New subscription", actual: "Billing period renewal detected" },
      { what: "Stamps used", expected: "12000", actual: "0" },
      { what: "Parcels used" },
    ]);
  } finally {
    entry.expects = expects;
  }
});

test("scenarios can run repeatedly for the same user", async () => {
  const userId = await inState("active");
  const ids: ScenarioId[] = [
    "failed_renewal",
    "recovered_payment",
    "interval_switch_carry_over",
    "subscription_canceled",
  ];
  for (const scenario of [...ids, ...ids]) expect(failed(await run({ userId, scenario })), scenario).toEqual([]);
});

/** The real run follows the dry one: instants up to ten seconds apart count as equal. */
function withinSeconds(real: unknown, dry: unknown): unknown {
  if (typeof real === "string" && typeof dry === "string") {
    const apart = Math.abs(Date.parse(real) - Date.parse(dry));
    return /^\d{4}-\d\d-\d\dT/.test(real) && apart <= 10_000 ? dry : real;
  }
  if (Array.isArray(real))
    return real.map((each, index) => withinSeconds(each, Array.isArray(dry) ? dry[index] : undefined));
  if (typeof real !== "object" || real === null) return real;
  const other = (dry ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(real).map(([key, value]) => [key, withinSeconds(value, other[key])]));
}
