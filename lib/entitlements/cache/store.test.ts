/** What every store promises, held against memory and, where it is installed, a real Redis. */
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

function promises(make: () => Promise<VersionedStore>): void {
  let store: VersionedStore;
  const write = (key: string, value: string, revision: number, freshMs = 60_000) =>
    store.write(key, value, revision, freshMs, store.epoch());
  const gone = (key: string) => expect.poll(() => store.read(key), { interval: 10 }).toBeNull();
  beforeAll(async () => {
    store = await make();
  });
  afterAll(() => store.end());

  test("keeps a value until its time is over", async () => {
    expect(await store.read("kept")).toBeNull();
    await write("kept", "plus", 1);
    await write("short", "plus", 1, 60);
    await gone("short");
    expect(await store.read("kept")).toBe("plus");
  });

  test("a late fill never overwrites newer news, nor what the news announced", async () => {
    await write("late", "ultra", 5);
    await write("late", "plus", 4);
    expect(await store.read("late")).toBe("ultra");
    await store.forget("late", 6);
    expect(await store.read("late")).toBeNull();
    await write("late", "ultra", 5);
    expect(await store.read("late")).toBeNull();
    await write("late", "basic", 6);
    expect(await store.read("late")).toBe("basic");
  });

  test("old news takes nothing away; a value's short time does not end what is known of its revision", async () => {
    await write("old", "ultra", 7);
    await store.forget("old", 6);
    expect(await store.read("old")).toBe("ultra");
    await write("old", "ultra", 7, 30);
    await gone("old");
    await write("old", "plus", 6);
    expect(await store.read("old")).toBeNull();
  });

  test("where every revision is forgotten nothing is kept", async () => {
    await write("clock", "plus", 1);
    await store.forget("clock", ANY_REVISION);
    await write("clock", "plus", 2);
    expect(await store.read("clock")).toBeNull();
  });
}

describe("memory", () => {
  promises(async () => memoryStore());

  test("forgets the oldest first, and keeps nothing longer than another process's news may take", async () => {
    let now = 0;
    const store = memoryStore({ now: () => now, longestMs: 1_000, entries: 2 });
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
  describe("while it answers", () => promises(async () => reachable(redisStore(redis.url))));

  test("two processes share what they keep, and the news", async () => {
    const [one, two] = await Promise.all([redisStore(redis.url), redisStore(redis.url)].map(reachable));
    if (!one || !two) throw new Error("two stores");
    await one.write("shared", "plus", 1, 60_000, one.epoch());
    expect(await two.read("shared")).toBe("plus");
    await two.forget("shared", 2);
    expect(await one.read("shared")).toBeNull();
    one.end();
    two.end();
  });

  test("what a killed Redis kept in its file does not come back, nor what was read before it was killed", async () => {
    const store = await reachable(redisStore(redis.url));
    await store.write("file", "plus", 1, 60_000, store.epoch());
    const before = store.epoch();
    await redis.kill();
    await expect(store.read("file")).rejects.toThrow();
    await store.forget("unsaid", 9);
    await redis.start();
    await reachable(store);
    expect(store.epoch()).not.toBe(before);
    expect(await store.read("file")).toBeNull();
    await store.write("file", "plus", 1, 60_000, before);
    expect(await store.read("file")).toBeNull();
    // Said as soon as it could be.
    await store.write("unsaid", "plus", 8, 60_000, store.epoch());
    expect(await store.read("unsaid")).toBeNull();
    store.end();
  });

  test("one that was never there is a miss at once, and nothing that is asked of it throws but a read", async () => {
    // Here the store would wait an hour for an answer of Redis: what ends before has waited for none.
    const store = redisStore("redis://127.0.0.1:1");
    await expect(store.read("any")).rejects.toThrow();
    await store.forget("any", 1);
    await store.write("any", "plus", 1, 60_000, store.epoch()).catch(() => {});
    store.end();
  });
});
