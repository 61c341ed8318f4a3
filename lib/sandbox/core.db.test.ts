import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Instant } from "@/lib/billing/facts";
import { DAY, HOUR, MINUTE } from "@/lib/billing/period";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/postgres";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "./outbox";
import type { Played } from "./played";
import { createSandbox } from "./sandbox";
import type { Turn } from "./turn";

/** A processor that can do one thing: strike, each day. */
interface Bell {
  id: string;
  user: string | null;
  strikes: number;
  next: Instant | null;
}

function strike({ world, now, emit }: Turn<Bell>, type: string) {
  world.strikes += 1;
  const id = `evt_${world.id}_${world.strikes}`;
  emit({ id, type, at: now, raw: JSON.stringify({ id, type, created: now }) });
}

const bell: Played<Bell> = {
  processor: "stripe",
  objectIds: (world) => [world.id, ...(world.strikes > 0 ? [`rope_${world.id}`] : [])],
  userId: (world) => world.user,
  nextDue: (world) => world.next,
  advance: (turn) => {
    strike(turn, "bell.struck");
    turn.world.next = turn.now + DAY;
  },
  signature: (raw, secret) => ["signature", `${secret}:${raw.length}`],
};

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

let bells = 0;
let id = "";
let user = "";
let received: { id: string; type: string; at: Instant; clock: Instant }[] = [];
/** What the route answers, in order; then 200. */
let answers: (number | null)[] = [];
let jobs: Instant[] = [];
const sandbox = createSandbox({
  gateway,
  processors: [bell as Played],
  secret: () => "secret",
  send: async (_processor, raw, signature) => {
    expect(signature).toEqual(["signature", `secret:${raw.length}`]);
    const status = answers.length > 0 ? (answers.shift() as number | null) : 200;
    const event = JSON.parse(Buffer.from(raw).toString());
    if (status === 200) received.push({ ...event, at: event.created, clock: (await gateway.sandboxClock(user)).now });
    return status;
  },
  runJobs: async () => jobs.push((await gateway.sandboxClock(user)).now),
});

// What a test began to deliver must not come in during the next.
afterEach(() => sandbox.idle());
beforeEach(() => {
  bells += 1;
  id = `bell_${bells}`;
  user = `ringer-${bells}`;
  received = [];
  answers = [];
  jobs = [];
});

const world = (next: Instant | null): Bell => ({ id, user, strikes: 0, next });
const hang = (next: Instant | null = null) =>
  sandbox.command({ of: { account: id, world: world(next) }, act: () => ({ status: 200, body: {} }) }, bell);
const ring = (once?: { key: string; fingerprint: string }) =>
  sandbox.command(
    {
      of: { object: id },
      once,
      act: (turn) => {
        strike(turn, "bell.rung");
        return { status: 201, body: { strikes_so_far: turn.world.strikes } };
      },
    },
    bell,
  );
const retryNow = () => database.pool().query("update sandbox_events set next_attempt_at = now()");

describe("a request", () => {
  test("is answered, and its event goes out", async () => {
    await hang();
    expect(await ring()).toMatchObject({ outcome: "answered", reply: { status: 201, body: { strikes_so_far: 1 } } });
    await sandbox.idle();
    expect(received).toMatchObject([{ id: `evt_${id}_1`, type: "bell.rung" }]);
  });

  test("finds the account by an id that came later", async () => {
    await hang();
    await ring();
    expect(await gateway.loadSandboxAccount("stripe", `rope_${id}`)).toMatchObject({ accountId: id });
    expect(await gateway.loadSandboxAccount("paddle", `rope_${id}`)).toBeNull();
  });

  test("for what nobody has is unknown", async () => {
    expect(await ring()).toEqual({ outcome: "unknown" });
  });

  test("that throws leaves nothing behind", async () => {
    await hang();
    const refused = sandbox.command(
      {
        of: { object: id },
        act: (turn) => {
          strike(turn, "bell.rung");
          throw new Error("no");
        },
      },
      bell,
    );
    await expect(refused).rejects.toThrow("no");
    expect((await gateway.loadSandboxAccount("stripe", id))?.world).toMatchObject({ strikes: 0 });
    await sandbox.idle();
    expect(received).toEqual([]);
  });

  test("ten at once are carried out one after the other", async () => {
    await hang();
    await Promise.all(Array.from({ length: 10 }, () => ring()));
    await sandbox.idle();
    expect(received.map((event) => event.id)).toEqual(Array.from({ length: 10 }, (_, n) => `evt_${id}_${n + 1}`));
  });

  test("with a key is carried out once, also by five at once, and the key means that request only", async () => {
    await hang();
    const once = { key: `key-${id}`, fingerprint: "ring" };
    const all = await Promise.all(Array.from({ length: 5 }, () => ring(once)));
    for (const carried of all) expect(carried).toMatchObject({ reply: { status: 201, body: { strikes_so_far: 1 } } });
    expect(await ring({ ...once, fingerprint: "another" })).toEqual({ outcome: "key_reused" });
    await sandbox.idle();
    expect(received).toHaveLength(1);
  });
});

describe("a delivery", () => {
  test("that is refused or not answered is repeated, byte for byte, until it is taken", async () => {
    await hang();
    answers = [503, null];
    await ring();
    await sandbox.idle();
    expect(received).toEqual([]);
    await retryNow();
    await sandbox.tick();
    expect(received).toEqual([]);
    await sandbox.tick();
    expect(received).toEqual([]);
    await retryNow();
    await sandbox.tick();
    expect(received).toMatchObject([{ id: `evt_${id}_1` }]);
  });

  test("goes on after a deliverer was killed, and not before its lease is over", async () => {
    await hang();
    answers = [null];
    await ring();
    await sandbox.idle();
    await retryNow();
    expect(await gateway.claimSandboxEvents(1, { processor: "stripe", accountId: id })).toMatchObject({
      accountId: id,
    });
    await sandbox.tick();
    expect(received).toEqual([]);
    await database.pool().query("update sandbox_accounts set delivering_until = now() where account_id = $1", [id]);
    await sandbox.tick();
    expect(received).toHaveLength(1);
  });

  test("keeps the order of first attempts with several deliverers at once", async () => {
    const sent: string[] = [];
    const slow = {
      secret: () => "secret",
      played: () => bell as Played,
      send: async (_processor: string, raw: Uint8Array) => {
        await sleep(Math.random() * 5);
        sent.push(JSON.parse(Buffer.from(raw).toString()).id);
        return 200;
      },
    };
    await hang();
    answers = Array.from({ length: 6 }, () => null);
    for (let n = 0; n < 6; n++) await ring();
    await sandbox.idle();
    await retryNow();
    await Promise.all([1, 2, 3].map(() => deliver({ processor: "stripe", accountId: id }, slow, gateway)));
    expect(sent).toEqual(Array.from({ length: 6 }, (_, n) => `evt_${id}_${n + 1}`));
  });
});

describe("time", () => {
  test("that passed is made up for before a request", async () => {
    await hang(Date.now() - 2.5 * DAY);
    await ring();
    await sandbox.idle();
    expect(received.map(({ type }) => type)).toEqual(["bell.struck", "bell.struck", "bell.struck", "bell.rung"]);
  });

  test("is looked at by the tick, without a request", async () => {
    await hang(Date.now() + 40);
    await sandbox.tick();
    expect(received).toEqual([]);
    await sleep(60);
    await sandbox.tick();
    expect(received).toHaveLength(1);
  });

  test("walks: each thing at its own instant, delivered before the next; jobs run an hour before", async () => {
    const start = Date.now();
    await hang(start + 10 * HOUR);
    const { now, events } = await sandbox.moveClock(user, { to: start + 3 * DAY });
    expect(events).toBe(3);
    expect(now).toBeGreaterThanOrEqual(start + 3 * DAY);
    expect(now).toBeLessThan(start + 3 * DAY + MINUTE);
    const due = [0, 1, 2].map((n) => start + 10 * HOUR + n * DAY);
    expect(received.map(({ at }) => at)).toEqual(due);
    for (const [index, { clock }] of received.entries()) expect(clock - (due[index] as number)).toBeLessThan(MINUTE);
    for (const [index, at] of jobs.slice(0, 3).entries()) {
      expect(Math.abs(at - ((due[index] as number) - HOUR))).toBeLessThan(MINUTE);
    }
  });

  test("walks by a day, and by a month where nothing is paid for", async () => {
    const start = Date.now();
    const day = await sandbox.moveClock(user, { by: "day" });
    expect(Math.abs(day.now - start - DAY)).toBeLessThan(MINUTE);
    await sandbox.moveClock(user, { by: "month" });
    expect((await gateway.sandboxClock(user)).now).toBeGreaterThan(start + 28 * DAY);
  });

  test("goes back only while nothing has happened there", async () => {
    const start = Date.now();
    await sandbox.moveClock(user, { to: start + 5 * DAY });
    expect((await sandbox.moveClock(user, { to: "real" })).now).toBeLessThan(start + MINUTE);
    await sandbox.moveClock(user, { to: start + 5 * DAY });
    await gateway.consume(user, "words_used", 1);
    await expect(sandbox.moveClock(user, { to: start + 4 * DAY })).rejects.toMatchObject({
      status: 400,
      reason: "clock_backwards",
    });
    await expect(sandbox.moveClock(user, { to: "real" })).rejects.toMatchObject({ reason: "clock_backwards" });
    expect((await gateway.sandboxClock(user)).now).toBeGreaterThanOrEqual(start + 5 * DAY);
  });

  test("two walks at once make everything happen once", async () => {
    const start = Date.now();
    await hang(start + HOUR);
    const walks = [0, 1].map(() => sandbox.moveClock(user, { to: start + 4 * DAY }));
    await Promise.all(walks);
    expect(received.map(({ at }) => at)).toEqual([0, 1, 2, 3].map((n) => start + HOUR + n * DAY));
  });

  test("is a user's own", async () => {
    await sandbox.moveClock(user, { by: "day" });
    expect((await gateway.sandboxClock("somebody-else")).now).toBeLessThan(Date.now() + MINUTE);
  });
});
