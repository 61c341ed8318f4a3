import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { countingProcessor, countingSandbox, emitEvent } from "@/tests/support/counting-processor";
import { moveClock } from "./clock";
import type { FakeProcessor } from "./fake-processor";

const { gateway, sandbox, current, createAccount, requestEvent } = countingSandbox();

/** A moved clock keeps running: at most the real time since, and a minute for rounding. */
const elapsed = (since: number) => Date.now() - since + MINUTE_MS;

describe("a request", () => {
  test("is answered, and its event is delivered", async () => {
    await createAccount();
    expect(await requestEvent()).toMatchObject({
      outcome: "answered",
      reply: { status: 201, body: { events_so_far: 1 } },
    });
    await sandbox.idle();
    expect(current.received).toMatchObject([{ id: `evt_${current.id}_1`, type: "account.requested" }]);
  });

  test("finds the account by an id that was added later", async () => {
    await createAccount();
    await requestEvent();
    expect(await gateway.loadSandboxAccount("stripe", `item_${current.id}`)).toMatchObject({ accountId: current.id });
    expect(await gateway.loadSandboxAccount("paddle", `item_${current.id}`)).toBeNull();
  });

  test("for an unknown object is unknown", async () => {
    expect(await requestEvent()).toEqual({ outcome: "unknown" });
  });

  test("that throws changes nothing", async () => {
    await createAccount();
    const refused = sandbox.command(
      {
        of: { object: current.id },
        run: (step) => {
          emitEvent(step, "account.requested");
          throw new Error("no");
        },
      },
      countingProcessor,
    );
    await expect(refused).rejects.toThrow("no");
    expect((await gateway.loadSandboxAccount("stripe", current.id))?.state).toMatchObject({ events: 0 });
    await sandbox.idle();
    expect(current.received).toEqual([]);
  });

  test("waits for the request before, with ten at once", async () => {
    await createAccount();
    await Promise.all(Array.from({ length: 10 }, () => requestEvent()));
    await sandbox.idle();
    expect(current.received.map((event) => event.id)).toEqual(
      Array.from({ length: 10 }, (_, n) => `evt_${current.id}_${n + 1}`),
    );
  });

  test("with a key runs once, also with five at once, and the key is valid for that request only", async () => {
    await createAccount();
    const once = { key: `key-${current.id}`, fingerprint: "request" };
    const all = await Promise.all(Array.from({ length: 5 }, () => requestEvent(once)));
    for (const commandResult of all)
      expect(commandResult).toMatchObject({ reply: { status: 201, body: { events_so_far: 1 } } });
    expect(await requestEvent({ ...once, fingerprint: "another" })).toEqual({ outcome: "key_reused" });
    await sandbox.idle();
    expect(current.received).toHaveLength(1);
  });
});

describe("a refusal", () => {
  const refuse = (once: { key: string; fingerprint: string } | undefined, remembered: boolean) =>
    sandbox.command(
      {
        of: { object: current.id },
        once,
        run: (step) => {
          emitEvent(step, "account.requested");
          throw new Error("no");
        },
        refusal: () => (remembered ? { status: 402, body: { problem: "no" } } : null),
      },
      countingProcessor,
    );
  const once = () => ({ key: `refused-${current.id}`, fingerprint: "request" });

  test("is stored under the key for a day of the account's clock, and changes nothing", async () => {
    await createAccount();
    const refused = { outcome: "answered", reply: { status: 402, body: { problem: "no" } } };
    expect(await refuse(once(), true)).toMatchObject(refused);
    expect(await requestEvent(once())).toMatchObject(refused);
    await sandbox.moveClock(current.user, { to: Date.now() + 23 * HOUR_MS });
    expect(await requestEvent(once())).toMatchObject(refused);
    expect(await requestEvent({ ...once(), fingerprint: "another" })).toEqual({ outcome: "key_reused" });
    await sandbox.moveClock(current.user, { to: Date.now() + 25 * HOUR_MS });
    expect(await requestEvent(once())).toMatchObject({ reply: { status: 201, body: { events_so_far: 1 } } });
    expect(await requestEvent(once())).toMatchObject({ reply: { status: 201, body: { events_so_far: 1 } } });
    await sandbox.idle();
    expect(current.received.map(({ type }) => type)).toEqual(["account.requested"]);
  });

  test("leaves the key free if the request did not begin, and is thrown without a key", async () => {
    await createAccount();
    await expect(refuse(once(), false)).rejects.toThrow("no");
    await expect(refuse(undefined, true)).rejects.toThrow("no");
    expect(await requestEvent(once())).toMatchObject({ reply: { status: 201 } });
  });
});

describe("time", () => {
  test("that passed is caught up before a request", async () => {
    await createAccount(Date.now() - 2.5 * DAY_MS);
    await requestEvent();
    await sandbox.idle();
    expect(current.received.map(({ type }) => type)).toEqual([
      "account.due",
      "account.due",
      "account.due",
      "account.requested",
    ]);
  });

  test("is checked by the tick, without a request", async () => {
    const due = Date.now() + HOUR_MS;
    await createAccount(due);
    await sandbox.tick();
    expect(current.received).toEqual([]);
    await gateway.setSandboxClock(current.user, due);
    await sandbox.tick();
    expect(current.received).toHaveLength(1);
  });

  test("moves from action to action: each at its instant, delivered before the next, with jobs an hour before", async () => {
    const start = Date.now();
    await createAccount(start + 10 * HOUR_MS);
    const { now, events } = await sandbox.moveClock(current.user, { to: start + 3 * DAY_MS });
    expect(events).toBe(3);
    expect(now).toBeGreaterThanOrEqual(start + 3 * DAY_MS);
    expect(now).toBeLessThan(start + 3 * DAY_MS + elapsed(start));
    const due = [0, 1, 2].map((n) => start + 10 * HOUR_MS + n * DAY_MS);
    expect(current.received.map(({ at }) => at)).toEqual(due);
    for (const [index, { clock }] of current.received.entries())
      expect(clock - (due[index] as number)).toBeLessThan(elapsed(start));
    for (const [index, at] of current.jobs.slice(0, 3).entries()) {
      expect(Math.abs(at - ((due[index] as number) - HOUR_MS))).toBeLessThan(elapsed(start));
    }
  });

  test("moves by a day, and by a month without a paid period", async () => {
    const start = Date.now();
    const day = await sandbox.moveClock(current.user, { by: "day" });
    expect(Math.abs(day.now - start - DAY_MS)).toBeLessThan(elapsed(start));
    await sandbox.moveClock(current.user, { by: "month" });
    expect((await gateway.sandboxClock(current.user)).now).toBeGreaterThan(start + 28 * DAY_MS);
  });

  test("moves back only to a time after all records", async () => {
    const start = Date.now();
    await sandbox.moveClock(current.user, { to: start + 5 * DAY_MS });
    expect((await sandbox.moveClock(current.user, { to: "real" })).now).toBeLessThan(start + elapsed(start));
    await sandbox.moveClock(current.user, { to: start + 5 * DAY_MS });
    await gateway.consume(current.user, "stamps_used", 1);
    await expect(sandbox.moveClock(current.user, { to: start + 4 * DAY_MS })).rejects.toMatchObject({
      problem: "bad_input",
      reason: "clock_backwards",
    });
    await expect(sandbox.moveClock(current.user, { to: "real" })).rejects.toMatchObject({ reason: "clock_backwards" });
    expect((await gateway.sandboxClock(current.user)).now).toBeGreaterThanOrEqual(start + 5 * DAY_MS);
  });

  test("runs each action once when two moves run at once", async () => {
    const start = Date.now();
    await createAccount(start + HOUR_MS);
    const moves = [0, 1].map(() => sandbox.moveClock(current.user, { to: start + 4 * DAY_MS }));
    await Promise.all(moves);
    expect(current.received.map(({ at }) => at)).toEqual([0, 1, 2, 3].map((n) => start + HOUR_MS + n * DAY_MS));
  });

  test("counts a move's events also if another request ran the due action", async () => {
    const start = Date.now();
    await createAccount(start + HOUR_MS);
    const racing: typeof gateway = {
      ...gateway,
      advanceSandboxClock: async (userId, to) => {
        const moved = await gateway.advanceSandboxClock(userId, to);
        await sandbox.tick();
        return moved;
      },
    };
    const parts = {
      gateway: racing,
      fakeOf: () => countingProcessor as FakeProcessor,
      deliverAndWait: () => sandbox.idle(),
      runJobs: async () => {},
    };
    expect(await moveClock(current.user, { to: start + 2 * DAY_MS }, parts)).toMatchObject({ events: 2 });
  });

  test("is separate for each user", async () => {
    await sandbox.moveClock(current.user, { by: "day" });
    expect((await gateway.sandboxClock("another-user")).now).toBeLessThan(Date.now() + MINUTE_MS);
  });
});
