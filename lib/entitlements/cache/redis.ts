/**
 * Redis, shared by all processes. Nothing here may be felt: it is asked for a moment only, and whatever fails is a miss.
 *
 * What was kept must not come back from the dead: a Redis that was restarted from its file, or another one that took over,
 * has another run id, and keys carry it. What a process could not say to Redis (`forget`) it says before it reads again.
 */
import type { RedisClientType } from "@redis/client";
import { CACHE_MS } from "@/lib/deadlines";
import { log } from "@/lib/observability/log";
import type { VersionedStore } from "./store";

/** As long as a value may be kept, and so as long as its revision must be known. */
const KEPT_MS = 5 * 60_000;

/** r: revision, v: value (absent: only the revision is known), u: fresh until, by Redis' own clock. */
const NOW = `local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)`;
const READ = `${NOW}
local kept = redis.call('HMGET', KEYS[1], 'v', 'u')
if kept[1] and tonumber(kept[2]) > now then return kept[1] end
return false`;
const WRITE = `${NOW}
if tonumber(redis.call('HGET', KEYS[1], 'r') or '-1') > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[1], 'v', ARGV[2], 'u', now + tonumber(ARGV[3]))
return redis.call('PEXPIRE', KEYS[1], ARGV[4])`;
const FORGET = `
if tonumber(redis.call('HGET', KEYS[1], 'r') or '-1') >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'r', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

interface Unsaid {
  revision: number;
  /** Later than this no value from before can be there any more. */
  until: number;
}

export function redisStore(url: string): VersionedStore {
  let client: RedisClientType | undefined;
  let runId = "";
  let ended = false;
  const unsaid = new Map<string, Unsaid>();
  let catchingUp: Promise<void> | undefined;
  void connect();

  async function connect(): Promise<void> {
    const { createClient } = await import("@redis/client");
    const made = createClient({
      url,
      disableOfflineQueue: true,
      socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000) },
    }) as RedisClientType;
    // Told once a breakdown: it is retried for ever.
    let told = false;
    made.on("error", (error) => {
      runId = "";
      if (!told) log.warn({ error: String(error) }, "[Cache] Redis cannot be reached; everything works without it");
      told = true;
    });
    made.on("ready", async () => {
      told = false;
      try {
        runId = /run_id:(\w+)/.exec(await made.info("server"))?.[1] ?? "unknown";
        await catchUp();
      } catch {
        // It went away again; the next "ready" asks again.
      }
    });
    if (ended) return;
    client = made;
    await made.connect().catch(() => {});
  }

  async function run(script: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    if (client === undefined || !client.isReady || runId === "") throw new Error("Redis is not reachable.");
    const asked = client.eval(script, { keys: [`tollgate:${runId}:${key}`], arguments: args.map(String) });
    return inTime(asked);
  }

  /** Says what could not be said, once for all who wait for it; throws where it still cannot. */
  async function catchUp(): Promise<void> {
    if (unsaid.size === 0) return;
    catchingUp ??= sayAll().finally(() => {
      catchingUp = undefined;
    });
    await catchingUp;
  }

  async function sayAll(): Promise<void> {
    for (const [key, { revision, until }] of unsaid) {
      if (until > performance.now()) await run(FORGET, key, revision, KEPT_MS);
      if (unsaid.get(key)?.revision === revision) unsaid.delete(key);
    }
  }

  return {
    name: "redis",
    epoch: () => runId,
    async read(key) {
      await catchUp();
      const value = await run(READ, key);
      return typeof value === "string" ? value : null;
    },
    async write(key, value, revision, freshMs, epoch) {
      await catchUp();
      // Read before Redis was restarted: it forgot since what may be newer.
      if (epoch === "" || epoch !== runId) return;
      await run(WRITE, key, revision, value, Math.floor(Math.min(freshMs, KEPT_MS)), KEPT_MS);
    },
    async forget(key, revision) {
      try {
        await run(FORGET, key, revision, KEPT_MS);
      } catch {
        const known = unsaid.get(key)?.revision ?? -1;
        unsaid.set(key, { revision: Math.max(known, revision), until: performance.now() + KEPT_MS });
      }
    },
    end() {
      ended = true;
      if (client?.isOpen) client.destroy();
    },
  };
}

async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Redis took too long.")), CACHE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
