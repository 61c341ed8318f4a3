/** A fake processor that only counts its events, for the tests of the code that all fake processors share. */
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { createSandbox, type SandboxParts } from "@/lib/sandbox/sandbox";
import type { Step } from "@/lib/sandbox/step";
import { testDatabase } from "./database";

/** An account whose only action is an event, each day and on request. */
export interface CountingAccount {
  id: string;
  user: string | null;
  events: number;
  next: Instant | null;
}

export function emitEvent({ state, now, emit }: Step<CountingAccount>, type: string) {
  state.events += 1;
  const id = `evt_${state.id}_${state.events}`;
  emit({ id, type, at: now, raw: JSON.stringify({ id, type, created: now }) });
}

export const countingProcessor: FakeProcessor<CountingAccount> = {
  processor: "stripe",
  objectIds: (state) => [state.id, ...(state.events > 0 ? [`item_${state.id}`] : [])],
  userId: (state) => state.user,
  nextDue: (state) => state.next,
  advance: (step) => {
    emitEvent(step, "account.due");
    step.state.next = step.now + DAY_MS;
  },
  signature: (raw, secret) => ["signature", `${secret}:${raw.length}`],
};

/** One account and one user per test, the events that arrived, and the answers of the route. */
export function countingSandbox() {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));
  const current = {
    id: "",
    user: "",
    received: [] as { id: string; type: string; at: Instant; clock: Instant }[],
    /** The answers of the route, in order; then 200. */
    answers: [] as (number | null)[],
    /** When the jobs ran, by the user's clock. */
    jobs: [] as Instant[],
  };
  const clock = async () => (await gateway.sandboxClock(current.user)).now;
  const parts: SandboxParts = {
    gateway,
    processors: [countingProcessor as FakeProcessor],
    secret: () => "secret",
    send: async (_processor, raw, signature) => {
      expect(signature).toEqual(["signature", `secret:${raw.length}`]);
      const status = current.answers.length > 0 ? (current.answers.shift() as number | null) : 200;
      const event = JSON.parse(Buffer.from(raw).toString());
      if (status === 200) current.received.push({ ...event, at: event.created, clock: await clock() });
      return status;
    },
    runJobs: async () => current.jobs.push(await clock()),
  };
  const sandbox = createSandbox(parts);

  let accounts = 0;
  // A delivery of one test must not arrive during the next.
  afterEach(() => sandbox.idle());
  afterAll(() => gateway.end());
  beforeEach(() => {
    accounts += 1;
    Object.assign(current, {
      id: `account_${accounts}`,
      user: `counted-${accounts}`,
      received: [],
      answers: [],
      jobs: [],
    });
  });

  return {
    database,
    gateway,
    parts,
    sandbox,
    current,

    createAccount(next: Instant | null = null) {
      const state: CountingAccount = { id: current.id, user: current.user, events: 0, next };
      return sandbox.command(
        { of: { account: current.id, state }, run: () => ({ status: 200, body: {} }) },
        countingProcessor,
      );
    },

    requestEvent(once?: { key: string; fingerprint: string }, by = sandbox) {
      return by.command(
        {
          of: { object: current.id },
          once,
          run: (step) => {
            emitEvent(step, "account.requested");
            return { status: 201, body: { events_so_far: step.state.events } };
          },
        },
        countingProcessor,
      );
    },

    /** Makes every event due again; the next failure makes it wait for hours. */
    retryNow: () => database.pool().query("update sandbox_events set next_attempt_at = now(), attempts = 6"),
  };
}
