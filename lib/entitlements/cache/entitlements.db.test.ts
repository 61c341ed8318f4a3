import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DAY, HOUR } from "@/lib/billing/period";
import { playSubscription } from "@/lib/billing/processors/stripe/played";
import type { Gateway } from "@/lib/database";
import { meteredDatabase } from "@/tests/support/metered";
import { redisInstalled, type TestRedis, testRedis } from "@/tests/support/redis";
import { deliver } from "@/tests/support/stripe";
import { entitlementsOf } from "../read";
import { createEntitlementCache, type EntitlementCache } from "./entitlement-cache";
import { memoryStore } from "./memory";
import { withNews } from "./news";
import { redisStore } from "./redis";
import type { VersionedStore } from "./store";

const { gateway: bare, query } = meteredDatabase();
const PLUS = { product: "writer", plan: "plus", interval: "monthly" } as const;

/** A gateway that counts how often the database was asked for entitlements. */
function counting(gateway: Gateway) {
  const asked = { times: 0 };
  const entitlements: Gateway["entitlements"] = (userId) => {
    asked.times += 1;
    return gateway.entitlements(userId);
  };
  return { asked, gateway: { ...gateway, entitlements } };
}

/** Until it is so, however slow this machine is. */
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 120_000, interval: 10 });

async function writer(userId: string, gateway: Gateway, cache: EntitlementCache) {
  const { entitlements } = await entitlementsOf(userId, { database: () => gateway, cache });
  const found = entitlements.find(({ product }) => product === "writer");
  if (!found) throw new Error("no writer");
  return { plan: found.plan, words: found.limits.find(({ field }) => field === "words_used")?.limit };
}

describe("memory", () => {
  const cache = createEntitlementCache(memoryStore());
  const { asked, gateway: counted } = counting(bare);
  const gateway = withNews(counted, cache);
  const read = (userId: string) => writer(userId, gateway, cache);

  test("a second look costs no database; a commit is seen at once", async () => {
    const played = playSubscription({ id: "sub_seen", userId: "seen", price: PLUS, startsAt: Date.now() - DAY });
    asked.times = 0;
    expect(await read("seen")).toEqual({ plan: "free", words: 500 });
    expect(await read("seen")).toEqual({ plan: "free", words: 500 });
    expect(asked.times).toBe(1);
    await deliver(gateway, played.created());
    expect(await read("seen")).toEqual({ plan: "plus", words: 15_000 });
    await deliver(gateway, played.planChanged("ultra", Date.now()));
    expect(await read("seen")).toEqual({ plan: "ultra", words: 35_000 });
    expect(asked.times).toBe(3);
  });

  test("a limit of the user's own is seen at once, given and taken", async () => {
    expect((await read("override")).words).toBe(500);
    await gateway.setLimitOverride("override", "words_used", 900, { expiresAt: null, by: "admin" });
    expect((await read("override")).words).toBe(900);
    await gateway.setLimitOverride("override", "words_used", null, { expiresAt: null, by: "admin" });
    expect((await read("override")).words).toBe(500);
  });

  test("nothing is kept beyond the instant at which it ends by itself", async () => {
    let expiresAt = 0;
    let words: number | undefined;
    // Until a read is answered before the end, however slow this machine is.
    for (let lasts = 300; words === undefined; lasts *= 2) {
      expiresAt = Date.now() + lasts;
      await gateway.setLimitOverride("brief", "words_used", 900, { expiresAt, by: "admin" });
      const found = await read("brief");
      if (Date.now() < expiresAt) words = found.words;
    }
    expect(words).toBe(900);
    await sleep(expiresAt - Date.now() + 20);
    expect((await read("brief")).words).toBe(500);
  });

  test("who has a clock of their own in the sandbox is never answered from memory", async () => {
    const played = playSubscription({ id: "sub_clock", userId: "clock", price: PLUS, startsAt: Date.now() - DAY });
    await deliver(gateway, played.created());
    expect((await read("clock")).plan).toBe("plus");
    // Seven days without news of a renewal, and an hour: free.
    await gateway.setSandboxClock("clock", played.periodEnd() + 7 * DAY + HOUR);
    expect((await read("clock")).plan).toBe("free");
    await gateway.setSandboxClock("clock", null);
    expect((await read("clock")).plan).toBe("plus");
  });

  test("a fill that comes late does not bring back what was before the commit", async () => {
    const played = playSubscription({ id: "sub_slow", userId: "slow", price: PLUS, startsAt: Date.now() - DAY });
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let hasRead = () => {};
    const oldIsRead = new Promise<void>((resolve) => {
      hasRead = resolve;
    });
    const slow: Gateway = {
      ...gateway,
      async entitlements(userId) {
        const old = await gateway.entitlements(userId);
        hasRead();
        await held;
        return old;
      },
    };
    const late = writer("slow", slow, cache);
    await oldIsRead;
    await deliver(gateway, played.created());
    letGo();
    expect((await late).plan).toBe("free");
    expect((await read("slow")).plan).toBe("plus");
  });

  test("what another version of the program kept is read anew", async () => {
    await read("shape");
    const store = memoryStore();
    const odd = createEntitlementCache(store);
    for (const product of ["chatbots", "writer"])
      await store.write(`entitlement:${product}:shape`, "{}", 0, 60_000, "");
    expect((await writer("shape", gateway, odd)).plan).toBe("free");
  });
});

describe.skipIf(!redisInstalled)("redis, killed and started again under load", () => {
  let redis: TestRedis;
  let stores: VersionedStore[] = [];
  let caches: EntitlementCache[] = [];
  const connected = () => until(() => stores.every((store) => store.epoch() !== ""));
  beforeAll(async () => {
    redis = await testRedis();
    stores = [redisStore(redis.url), redisStore(redis.url)];
    caches = stores.map(createEntitlementCache);
    await connected();
  });
  afterAll(async () => {
    for (const cache of caches) cache.end();
    await redis.end();
  });

  test("no read after a commit is older than the commit, in either process", async () => {
    const processes = caches.map((cache) => ({ cache, gateway: withNews(bare, cache) }));
    const users = Array.from({ length: 8 }, (_, index) => `loaded-${index}`);
    const committed = new Map(users.map((userId) => [userId, 0]));
    const wrong: string[] = [];
    let done = false;
    let reads = 0;
    let commits = 0;
    let writing = 0;
    /** While only one process reaches Redis, the other's commits may be unknown there: what decision 0010 leaves. */
    let reconnecting = false;
    /** So much work that every process has read and written every user's limit many times. */
    const work = async () => {
      const [readsSoFar, commitsSoFar] = [reads, commits];
      await until(() => reads >= readsSoFar + 100 && commits >= commitsSoFar + 40);
    };

    const write = async (userId: string, index: number) => {
      for (let limit = 1_001; !done; limit += 1) {
        const process = processes[(index + limit) % 2];
        await until(() => !reconnecting);
        writing += 1;
        await process?.gateway.setLimitOverride(userId, "words_used", limit, { expiresAt: null, by: "load" });
        writing -= 1;
        committed.set(userId, limit);
        commits += 1;
        await sleep(15);
      }
    };
    const look = async (userId: string, index: number) => {
      while (!done) {
        const process = processes[index % 2];
        if (!process) return;
        const least = committed.get(userId) ?? 0;
        const { words = 0 } = await writer(userId, process.gateway, process.cache);
        reads += 1;
        if (words < least) wrong.push(`${userId}: ${words} after ${least}`);
        await sleep(1);
      }
    };
    const load = [...users.map(write), ...users.map(look), ...users.map((userId, index) => look(userId, index + 1))];

    for (let round = 0; round < 3; round += 1) {
      await work();
      await redis.kill();
      await work();
      reconnecting = true;
      await until(() => writing === 0);
      await redis.start();
      await connected();
      reconnecting = false;
    }
    await work();
    done = true;
    await Promise.all(load);
    expect(wrong).toEqual([]);
    const [stored] = await query("select count(*)::int as users from limit_overrides where user_id like 'loaded-%'");
    expect(stored).toEqual({ users: 8 });
  });
});
