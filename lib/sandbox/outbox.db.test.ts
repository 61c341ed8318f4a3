import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { countingProcessor, countingSandbox } from "@/tests/support/counting-processor";
import type { FakeProcessor } from "./fake-processor";
import { deliver } from "./outbox";
import { createSandbox } from "./sandbox";

const { database, gateway, parts, sandbox, current, createAccount, requestEvent, retryNow } = countingSandbox();

describe("a delivery", () => {
  test("that is refused or not answered is repeated, byte for byte, until it is accepted", async () => {
    await createAccount();
    current.answers = [503, null];
    await requestEvent();
    await sandbox.idle();
    expect(current.received).toEqual([]);
    await retryNow();
    await sandbox.tick();
    expect(current.received).toEqual([]);
    await sandbox.tick();
    expect(current.received).toEqual([]);
    await retryNow();
    await sandbox.tick();
    expect(current.received).toMatchObject([{ id: `evt_${current.id}_1` }]);
  });

  test("continues after a deliverer was killed, and not before its lease ends", async () => {
    await createAccount();
    current.answers = [null];
    await requestEvent();
    await sandbox.idle();
    await retryNow();
    expect(await gateway.claimSandboxEvents(1, { processor: "stripe", accountId: current.id })).toMatchObject({
      accountId: current.id,
    });
    await database.pool().query("update sandbox_accounts set delivering_until = now() + interval '1 hour'");
    await sandbox.tick();
    expect(current.received).toEqual([]);
    await database
      .pool()
      .query("update sandbox_accounts set delivering_until = now() where account_id = $1", [current.id]);
    await sandbox.tick();
    expect(current.received).toHaveLength(1);
  });

  test("keeps the order of first attempts with several deliverers at once", async () => {
    const sent: string[] = [];
    const slow = {
      secret: () => "secret",
      fakeOf: () => countingProcessor as FakeProcessor,
      send: async (_processor: string, raw: Uint8Array) => {
        await sleep(Math.random() * 5);
        sent.push(JSON.parse(Buffer.from(raw).toString()).id);
        return 200;
      },
    };
    await createAccount();
    current.answers = Array.from({ length: 6 }, () => null);
    for (let n = 0; n < 6; n++) await requestEvent();
    await sandbox.idle();
    await retryNow();
    await Promise.all([1, 2, 3].map(() => deliver({ processor: "stripe", accountId: current.id }, slow, gateway)));
    expect(sent).toEqual(Array.from({ length: 6 }, (_, n) => `evt_${current.id}_${n + 1}`));
  });
});

describe("a claim while another transaction locks the account's row", () => {
  /** Begins a transaction that locks the row; the function that is returned ends it. */
  async function lockRow(accountId: string): Promise<() => Promise<void>> {
    const client = await database.pool().connect();
    await client.query("begin");
    await client.query("select from sandbox_accounts where account_id = $1 for update", [accountId]);
    return async () => {
      await client.query("rollback");
      client.release();
    };
  }

  test("is repeated until the row is free, and the events are delivered without a tick", async () => {
    await createAccount();
    // Its own claim may come late, and would take the events.
    await sandbox.idle();
    const claims: unknown[] = [];
    let unlock = async () => {};
    const claimSandboxEvents: typeof gateway.claimSandboxEvents = async (...args) => {
      if (claims.length === 0) unlock = await lockRow(current.id);
      const claim = await gateway.claimSandboxEvents(...args);
      claims.push(claim);
      if (claims.length === 2) await unlock();
      return claim;
    };
    const other = createSandbox({ ...parts, gateway: { ...gateway, claimSandboxEvents } });
    await requestEvent(undefined, other);
    await other.idle();
    expect(claims.slice(0, 2)).toEqual([{ busy: true }, { busy: true }]);
    expect(current.received).toMatchObject([{ id: `evt_${current.id}_1` }]);
  });

  test("takes another account that is free, and reports nothing once all events are delivered", async () => {
    await createAccount();
    current.answers = [null];
    await requestEvent();
    await sandbox.idle();
    const locked = current.id;
    current.id = `${locked}_free`;
    await createAccount();
    current.answers = [null];
    await requestEvent();
    await sandbox.idle();
    await retryNow();
    const unlock = await lockRow(locked);
    await sandbox.tick();
    expect(current.received).toMatchObject([{ id: `evt_${current.id}_1` }]);
    expect(await gateway.claimSandboxEvents(1, null)).toEqual({ busy: true });
    await unlock();
    await sandbox.tick();
    expect(current.received).toMatchObject([{ id: `evt_${current.id}_1` }, { id: `evt_${locked}_1` }]);
    expect(await gateway.claimSandboxEvents(1, null)).toBeNull();
  });
});
