/**
 * The contenders: common solutions for Node, and the gate. Each runs on the same Postgres with the same durability and 16
 * connections, with named statements if the contender lets us choose the driver.
 */
import type pg from "pg";
import { RateLimiterPostgres } from "rate-limiter-flexible";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { createGate } from "@/lib/usage/gate";
import { openPool } from "./server";

const CONNECTIONS = 16;
/** No run reaches this limit. */
export const ENDLESS = 2 ** 50;
const FIELD = "messages_count";

export interface Contender {
  name: string;
  /** Counts one unit for a key; true if it was allowed. */
  count: (key: string) => Promise<boolean>;
  /** Creates the keys, each with `left` units left. */
  prepare: (keys: readonly string[], left: number) => Promise<void>;
  /** Calls in each statement since the last read; absent if each call is one statement. */
  batches?: () => number[];
  end: () => Promise<void>;
}

/** The baseline: one UPDATE without limit, ledger or idempotency. */
export async function bareUpdate(url: string): Promise<Contender> {
  const pool = openPool(url, CONNECTIONS);
  await pool.query(
    "create table if not exists bench_bare (key text primary key, n bigint not null) with (fillfactor = 70)",
  );
  return {
    name: "bare UPDATE",
    async prepare(keys) {
      await pool.query("insert into bench_bare select k, 0 from unnest($1::text[]) k on conflict do nothing", [keys]);
    },
    async count(key) {
      await pool.query({ name: "bare", text: "update bench_bare set n = n + 1 where key = $1", values: [key] });
      return true;
    },
    end: () => pool.end(),
  };
}

/** Many applications read, compare, then write. */
export async function readThenWrite(url: string): Promise<Contender> {
  const pool = openPool(url, CONNECTIONS);
  await pool.query(
    "create table if not exists bench_naive (key text primary key, n bigint not null, most bigint not null) with (fillfactor = 70)",
  );
  return {
    name: "read, then write",
    async prepare(keys, left) {
      await pool.query(
        "insert into bench_naive select k, 0, $2 from unnest($1::text[]) k on conflict (key) do update set n = 0, most = $2",
        [keys, left],
      );
    },
    async count(key) {
      const read = { name: "read", text: "select n, most from bench_naive where key = $1", values: [key] };
      const { rows } = await pool.query<{ n: string; most: string }>(read);
      if (Number(rows[0]?.n) >= Number(rows[0]?.most)) return false;
      const n = Number(rows[0]?.n) + 1;
      await pool.query({ name: "write", text: "update bench_naive set n = $2 where key = $1", values: [key, n] });
      return true;
    },
    end: () => pool.end(),
  };
}

/** The common rate-limiting library, on the same Postgres. */
export async function rateLimiterFlexible(url: string): Promise<Contender> {
  const pool = openPool(url, CONNECTIONS);
  const limiters = new Map<number, RateLimiterPostgres>();
  const limits = new Map<string, number>();
  async function limiterOf(points: number): Promise<RateLimiterPostgres> {
    const known = limiters.get(points);
    if (known) return known;
    const options = { storeClient: pool, points, duration: 0, tableName: "bench_rlf", keyPrefix: String(points) };
    const limiter = await new Promise<RateLimiterPostgres>((resolve, reject) => {
      const limiter = new RateLimiterPostgres(options, (error?: Error) => (error ? reject(error) : resolve(limiter)));
    });
    limiters.set(points, limiter);
    return limiter;
  }
  return {
    name: "rate-limiter-flexible",
    async prepare(keys, left) {
      const points = Math.max(1, Math.min(left, 2 ** 31 - 2));
      const limiter = await limiterOf(points);
      for (const key of keys) {
        limits.set(key, points);
        await limiter.delete(key);
        if (left === 0) await limiter.consume(key, 1);
      }
    },
    async count(key) {
      try {
        await limiters.get(limits.get(key) as number)?.consume(key, 1);
        return true;
      } catch (refused) {
        if (refused instanceof Error) throw refused;
        return false;
      }
    },
    end: () => pool.end(),
  };
}

/** The gate's function with one statement per call, as a caller over rpc gets it. */
export async function single(url: string): Promise<Contender> {
  const gateway = createGateway(postgresTransport(url, { connections: CONNECTIONS }));
  const pool = openPool(url, 1);
  return {
    name: "Tollgate, one call",
    prepare: (keys, left) => prepareUsers(pool, keys, left),
    count: async (key) => (await gateway.consume(key, FIELD, 1)).allowed,
    end: async () => void (await Promise.all([gateway.end(), pool.end()])),
  };
}

/** The gate as the product uses it: concurrent calls share a statement. */
export async function batched(url: string): Promise<Contender> {
  const gateway = createGateway(postgresTransport(url, { connections: CONNECTIONS }));
  const pool = openPool(url, 1);
  let sizes: number[] = [];
  const gate = createGate(() => ({
    ...gateway,
    consumeBatch: (sums) => {
      sizes.push(sums.reduce((calls, { amount }) => calls + amount, 0));
      return gateway.consumeBatch(sums);
    },
  }));
  return {
    name: "Tollgate, batched",
    prepare: (keys, left) => prepareUsers(pool, keys, left),
    count: async (key) => (await gate.consume(key, FIELD, 1)).allowed,
    batches: () => {
      const seen = sizes;
      sizes = [];
      return seen;
    },
    end: async () => void (await Promise.all([gateway.end(), pool.end()])),
  };
}

/** Creates users with a limit override, so that each load has the limit it needs. */
async function prepareUsers(pool: pg.Pool, keys: readonly string[], left: number): Promise<void> {
  await pool.query("select tollgate.get_usage(k) from unnest($1::text[]) k", [keys]);
  await pool.query(
    `select tollgate.set_limit_override(c.user_id, $2, c.used + $3, null, 'bench')
     from tollgate.usage_counters c where c.user_id = any($1::text[]) and c.field = $2`,
    [keys, FIELD, left],
  );
}
