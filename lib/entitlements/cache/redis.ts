/**
 * A store in Redis, shared by all processes. Calls have a short deadline (`CACHE_MS`), and any failure is a cache miss.
 *
 * Keys contain the run id of Redis. After a restart from its file, or a failover, Redis has another run id, so old values
 * are not read again. A process sends invalidations that failed before its next read.
 */
import type { RedisClientType } from "@redis/client";
import { LRUCache } from "lru-cache";
import { CACHE_MS } from "@/lib/core/deadlines";
import { log } from "@/lib/core/observability/log";
import type { VersionedStore } from "./store";

/** The longest lifetime of a value. Its revision must be known as long. */
const MAX_FRESH_MS = 5 * 60_000;

/** r: revision, v: value (absent: only the revision is known), u: fresh until, by the clock of Redis. */
const NOW = `local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)`;
const READ = `${NOW}
local entry = redis.call('HMGET', KEYS[1], 'v', 'u')
if entry[1] and tonumber(entry[2]) > now then return entry[1] end
return false`;
const WRITE = `${NOW}
if tonumber(redis.call('HGET', KEYS[1], 'r') or '-1') > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'r', ARGV[1], 'v', ARGV[2], 'u', now + tonumber(ARGV[3]))
return redis.call('PEXPIRE', KEYS[1], ARGV[4])`;
const INVALIDATE = `
if tonumber(redis.call('HGET', KEYS[1], 'r') or '-1') >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'r', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** Connects at once. `generation()` is empty until Redis is connected. */
export function redisStore(url: string): VersionedStore {
  let client: RedisClientType | undefined;
  let runId = "";
  let ended = false;
  /** Revisions by key. After their lifetime all older values have expired, so a long outage does not fill the memory. */
  const pendingInvalidations = new LRUCache<string, number>({ ttl: MAX_FRESH_MS, ttlAutopurge: true });
  let sending: Promise<void> | undefined;
  void connect();

  async function connect(): Promise<void> {
    const created = await createRedisClient(url, {
      onError() {
        runId = "";
      },
      async onReady(id) {
        runId = id;
        await sendPending();
      },
    });
    if (ended) return;
    client = created;
    await created.connect().catch(() => {});
  }

  async function run(script: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    if (client === undefined || !client.isReady || runId === "") throw new Error("Redis is not reachable.");
    return withTimeout(client.eval(script, { keys: [`tollgate:${runId}:${key}`], arguments: args.map(String) }));
  }

  /** Sends the invalidations that failed, once for all callers that wait; throws if Redis still fails. */
  async function sendPending(): Promise<void> {
    if (pendingInvalidations.size === 0) return;
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    await sending;
  }

  async function sendAll(): Promise<void> {
    for (const [key, revision] of [...pendingInvalidations.entries()]) {
      await run(INVALIDATE, key, revision, MAX_FRESH_MS);
      if (pendingInvalidations.get(key) === revision) pendingInvalidations.delete(key);
    }
  }

  return {
    name: "redis",
    generation: () => runId,
    async read(key) {
      await sendPending();
      const value = await run(READ, key);
      return typeof value === "string" ? value : null;
    },
    async write(key, value, revision, freshMs, generation) {
      await sendPending();
      // The value was read before Redis restarted, and Redis may have lost a newer revision.
      if (generation === "" || generation !== runId) return;
      await run(WRITE, key, revision, value, Math.floor(Math.min(freshMs, MAX_FRESH_MS)), MAX_FRESH_MS);
    },
    async invalidate(key, revision) {
      try {
        await run(INVALIDATE, key, revision, MAX_FRESH_MS);
      } catch {
        pendingInvalidations.set(key, Math.max(pendingInvalidations.get(key) ?? -1, revision));
      }
    },
    end() {
      ended = true;
      if (client?.isOpen) client.destroy();
    },
  };
}

interface ConnectionEvents {
  onError: () => void;
  /** @param runId the run id of Redis, or "unknown" if Redis hides it */
  onReady: (runId: string) => Promise<void>;
}

/** A client that reconnects without end, once its caller has connected it. */
async function createRedisClient(url: string, { onError, onReady }: ConnectionEvents): Promise<RedisClientType> {
  const { createClient } = await import("@redis/client");
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: 2_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000) },
  }) as RedisClientType;
  /** One log line per outage. */
  let logged = false;
  client.on("error", (error) => {
    onError();
    if (!logged) log.warn({ error: String(error) }, "[Cache] Redis cannot be reached; reads use the database");
    logged = true;
  });
  client.on("ready", async () => {
    logged = false;
    try {
      await onReady(/run_id:(\w+)/.exec(await client.info("server"))?.[1] ?? "unknown");
    } catch {
      // The connection failed again; the next "ready" repeats this.
    }
  });
  return client;
}

async function withTimeout<T>(reply: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Redis took too long.")), CACHE_MS);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}
