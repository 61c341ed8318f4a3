/**
 * Several app processes on one database (docs/scale.md): exact for any routing, and without a call that waits for another
 * process if each user's calls go to one process.
 */
import { afterAll, describe, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { meteredDatabase } from "@/tests/support/metered";
import { createGate } from "./gate";
import { nullObserver } from "./gate-observer";
import type { Mode } from "./micro-batcher";

const { database, gateway, ledger, meter } = meteredDatabase();
const PROCESSES = 3;
const USERS = 24;
const CALLS_PER_USER = 30;

const sent: Record<Mode, number> = { batch: 0, sequential: 0 };
const gateways = Array.from({ length: PROCESSES }, () => createGateway(database.transport({ connections: 4 })));
const gates = gateways.map((each) =>
  createGate(() => each, {
    ...nullObserver,
    sent: (mode, calls) => {
      sent[mode] += calls;
    },
  }),
);
afterAll(() => Promise.all(gateways.map((each) => each.end())));

/** As a load balancer: a hash of the user's id chooses the process. */
function processOf(userId: string): number {
  return [...userId].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 65_521, 7) % PROCESSES;
}

/** All users' calls at once; returns the allowed units of each user. */
async function burst(prefix: string, limit: number, route: (userId: string, call: number) => number) {
  const users = Array.from({ length: USERS }, (_, index) => `${prefix}-${index}`);
  for (const userId of users)
    await gateway.setLimitOverride(userId, "stamps_used", limit, { expiresAt: null, by: "test" });
  Object.assign(sent, { batch: 0, sequential: 0 });
  const allowed = new Map(users.map((userId) => [userId, 0]));
  await Promise.all(
    users.flatMap((userId) =>
      Array.from({ length: CALLS_PER_USER }, async (_, call) => {
        const verdict = await gates[route(userId, call)]?.consume(userId, "stamps_used", 1);
        if (verdict?.allowed) allowed.set(userId, (allowed.get(userId) ?? 0) + 1);
      }),
    ),
  );
  return allowed;
}

async function expectExact(allowed: ReadonlyMap<string, number>, limit: number): Promise<void> {
  for (const [userId, units] of allowed) {
    expect(units).toBe(Math.min(limit, CALLS_PER_USER));
    expect(await ledger(userId, "stamps_used")).toBe(units);
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: units });
  }
}

describe.each([
  ["below the limit", 1_000],
  ["at the limit", 17],
])("%s", (name, limit) => {
  test("calls that go to any process are exact", async () => {
    const allowed = await burst(`any ${name}`, limit, (_, call) => call % PROCESSES);
    await expectExact(allowed, limit);
  });

  test("calls that go to the process of their user are exact", async () => {
    const allowed = await burst(`own ${name}`, limit, processOf);
    await expectExact(allowed, limit);
  });
});

test("with a process per user, no call below the limit waits for another process", async () => {
  await burst("no wait", 1_000, processOf);
  expect(sent).toEqual({ batch: USERS * CALLS_PER_USER, sequential: 0 });
});
