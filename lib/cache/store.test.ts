/** What every store promises, held against memory and, where it is installed, a real Redis. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisInstalled, type TestRedis, testRedis } from "@/tests/support/redis";
import { ANY_REVISION } from "./entitlement-cache";
import { memoryStore } from "./memory";
import { redisStore } from "./redis";
import type { VersionedStore } from "./store";

async function reachable(store: VersionedStore): Promise<VersionedStore> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      await store.read("probe");
      return store;
    } catch {
      await sleep(20);
    }
  }
  throw new Error("the store cannot be reached");
}

function promises(make: () => Promise<VersionedStore>): void {
  let store: VersionedStore;
  const write = (key: string, value: string, revision: number, freshMs = 60_000) =>
    store.write(key, value, revision, freshMs, store.epoch());
  beforeAll(async () => {
    store = await make();
  });
  afterAll(() => store.end());

  test("keeps a value until its time is over", async () => {
    expect(await store.read("kept")).toBeNull();
    await write("kept", "plus", 1, 60);
    expect(await store.read("kept")).toBe("plus");
    await sleep(90);
    expect(await store.read("kept")).toBeNull();
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
    await write("old", "ultra", 7, 30);
    await store.forget("old", 6);
    expect(await store.read("old")).toBe("ultra");
    await sleep(50);
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
    const store = redisStore("redis://127.0.0.1:1");
    const start = performance.now();
    await expect(store.read("any")).rejects.toThrow();
    await store.forget("any", 1);
    await store.write("any", "plus", 1, 60_000, store.epoch()).catch(() => {});
    expect(performance.now() - start).toBeLessThan(500);
    store.end();
  });
});
