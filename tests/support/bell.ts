/** A sandbox with a processor of one kind of event, for the tests of what all played processors share. */
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { DAY } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { createSandbox, type SandboxParts } from "@/lib/sandbox/sandbox";
import type { Step } from "@/lib/sandbox/step";
import { testDatabase } from "./database";

/** A processor that can do one thing: strike, each day. */
export interface Bell {
  id: string;
  user: string | null;
  strikes: number;
  next: Instant | null;
}

export function strike({ state, now, emit }: Step<Bell>, type: string) {
  state.strikes += 1;
  const id = `evt_${state.id}_${state.strikes}`;
  emit({ id, type, at: now, raw: JSON.stringify({ id, type, created: now }) });
}

export const bell: FakeProcessor<Bell> = {
  processor: "stripe",
  objectIds: (state) => [state.id, ...(state.strikes > 0 ? [`rope_${state.id}`] : [])],
  userId: (state) => state.user,
  nextDue: (state) => state.next,
  advance: (step) => {
    strike(step, "bell.struck");
    step.state.next = step.now + DAY;
  },
  signature: (raw, secret) => ["signature", `${secret}:${raw.length}`],
};

/** One bell per test: its account and its user, the events that arrived, and what the route answers. */
export function bellSandbox() {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));
  const current = {
    id: "",
    user: "",
    received: [] as { id: string; type: string; at: Instant; clock: Instant }[],
    /** What the route answers, in order; then 200. */
    answers: [] as (number | null)[],
    /** When the jobs ran, by the user's clock. */
    jobs: [] as Instant[],
  };
  const clock = async () => (await gateway.sandboxClock(current.user)).now;
  const parts: SandboxParts = {
    gateway,
    processors: [bell as FakeProcessor],
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

  let bells = 0;
  // What a test began to deliver must not come in during the next.
  afterEach(() => sandbox.idle());
  afterAll(() => gateway.end());
  beforeEach(() => {
    bells += 1;
    Object.assign(current, { id: `bell_${bells}`, user: `ringer-${bells}`, received: [], answers: [], jobs: [] });
  });

  return {
    database,
    gateway,
    parts,
    sandbox,
    current,

    hang(next: Instant | null = null) {
      const state: Bell = { id: current.id, user: current.user, strikes: 0, next };
      return sandbox.command({ of: { account: current.id, state }, run: () => ({ status: 200, body: {} }) }, bell);
    },

    ring(once?: { key: string; fingerprint: string }, by = sandbox) {
      return by.command(
        {
          of: { object: current.id },
          once,
          run: (step) => {
            strike(step, "bell.rung");
            return { status: 201, body: { strikes_so_far: step.state.strikes } };
          },
        },
        bell,
      );
    },

    /** Makes every event due again; the next failure makes it wait for hours. */
    retryNow: () => database.pool().query("update sandbox_events set next_attempt_at = now(), attempts = 6"),
  };
}
