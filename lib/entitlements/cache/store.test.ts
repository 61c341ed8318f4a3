/** The contract of every store, tested with memory and, if it is installed, a real Redis. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { redisInstalled, type TestRedis, testRedis } from "@/tests/support/redis";
import { ANY_REVISION } from "./entitlement-cache";
import { memoryStore } from "./memory";
import { redisStore } from "./redis";
import type { VersionedStore } from "./store";

async function reachable(store: VersionedStore): Promise<VersionedStore> {
  await vi.waitFor(() => store.read("probe"), { timeout: 120_000, interval: 20 });
  return store;
}

function contract(make: () => Promise<VersionedStore>): void {
  let store: VersionedStore;
  const write = (key: string, value: string, revision: number, freshMs = 60_000) =>
    store.write(key, value, revision, freshMs, store.generation());
  const gone = (key: string) => expect.poll(() => store.read(key), { interval: 10 }).toBeNull();
  beforeAll(async () => {
    store = await make();
  });
  afterAll(() => store.end());

  test("returns a value until it expires", async () => {
    expect(await store.read("kept")).toBeNull();
    await write("kept", "silver", 1);
    await write("short", "silver", 1, 60);
    await gone("short");
    expect(await store.read("kept")).toBe("silver");
  });

  test("a late write replaces neither a newer value nor a newer invalidation", async () => {
    await write("late", "titanium", 5);
    await write("late", "silver", 4);
    expect(await store.read("late")).toBe("titanium");
    await store.invalidate("late", 6);
    expect(await store.read("late")).toBeNull();
    await write("late", "titanium", 5);
    expect(await store.read("late")).toBeNull();
    await write("late", "bronze", 6);
    expect(await store.read("late")).toBe("bronze");
  });

  test("an older invalidation removes nothing, and the revision outlives an expired value", async () => {
    await write("old", "titanium", 7);
    await store.invalidate("old", 6);
    expect(await store.read("old")).toBe("titanium");
    await write("old", "titanium", 7, 30);
    await gone("old");
    await write("old", "silver", 6);
    expect(await store.read("old")).toBeNull();
  });

  test("after an invalidation of every revision no value is stored", async () => {
    await write("clock", "silver", 1);
    await store.invalidate("clock", ANY_REVISION);
    await write("clock", "silver", 2);
    expect(await store.read("clock")).toBeNull();
  });
}

describe("memory", () => {
  contract(async () => memoryStore());

  test("removes the oldest entry first, and limits the lifetime of every value", async () => {
    let now = 0;
    const store = memoryStore({ now: () => now, maxFreshMs: 1_000, maxEntries: 2 });
    for (const key of ["a", "b", "c"]) await store.write(key, key, 1, 60_000, "");
    expect(await Promise.all(["a", "b", "c"].map((key) => store.read(key)))).toEqual([null, "b", "c"]);
    now = 999;
    expect(await store.read("c")).toBe("c");
    now = 1_000;
    expect(await store.read("c")).toBeNull();
  });
});

describe.skipIf(!redisInstalled)("redis", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await testRedis();
  });
  afterAll(() => redis.end());
  describe("while it runs", () => contract(async () => reachable(redisStore(redis.url))));

  test("two processes share values and invalidations", async () => {
    const [one, two] = await Promise.all([redisStore(redis.url), redisStore(redis.url)].map(reachable));
    if (!one || !two) throw new Error("two stores");
    await one.write("shared", "silver", 1, 60_000, one.generation());
    expect(await two.read("shared")).toBe("silver");
    await two.invalidate("shared", 2);
    expect(await one.read("shared")).toBeNull();
    one.end();
    two.end();
  });

  test("after a kill, neither values from the file nor values read before the kill are returned", async () => {
    const store = await reachable(redisStore(redis.url));
    await store.write("file", "silver", 1, 60_000, store.generation());
    const before = store.generation();
    await redis.kill();
    await expect(store.read("file")).rejects.toThrow();
    await store.invalidate("pending", 9);
    await redis.start();
    await reachable(store);
    expect(store.generation()).not.toBe(before);
    expect(await store.read("file")).toBeNull();
    await store.write("file", "silver", 1, 60_000, before);
    expect(await store.read("file")).toBeNull();
    // The store sent the pending invalidation first.
    await store.write("pending", "silver", 8, 60_000, store.generation());
    expect(await store.read("pending")).toBeNull();
    store.end();
  });

  test("without Redis a read throws at once, and an invalidation does not throw", async () => {
    // In tests the deadline is an hour, so a call that ends has not waited for Redis.
    const store = redisStore("redis://127.0.0.1:1");
    await expect(store.read("any")).rejects.toThrow();
    await store.invalidate("any", 1);
    await store.write("any", "silver", 1, 60_000, store.generation()).catch(() => {});
    store.end();
  });
});
