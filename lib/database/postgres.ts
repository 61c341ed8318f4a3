/** The direct transport: one Postgres function a call, over a pool of named statements. */
import pg from "pg";
import { measures, secondsSince } from "@/lib/observability/measures";
import { databaseError } from "./errors";
import type { Transport } from "./transport";

/** A delivery or a consumption must be answered within 4 s, with a 503 if need be: connecting and asking together. */
const CONNECT_TIMEOUT_MS = 2_000;
const CALL_TIMEOUT_MS = 3_500;

/** A transport over any Postgres, or a pooler in transaction mode in front of one. */
export function postgresTransport(connectionString: string, { connections = 16 } = {}): Transport {
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "tollgate",
  });
  // An idle connection that breaks is replaced by the next call; without a listener it would end the process.
  pool.on("error", () => {});
  return {
    async call(name, args) {
      const names = Object.keys(args);
      const statement = {
        // Named, so that Postgres plans it once a connection; names have 63 characters at most.
        name: `${name}/${names.length}`,
        text: `select public.${name}(${names.map((key, index) => `${key} => $${index + 1}`).join(", ")}) as result`,
        values: names.map((key) => encode(args[key])),
      };
      const start = performance.now();
      const deadline = start + CALL_TIMEOUT_MS;
      let client: pg.PoolClient | undefined;
      let broken = false;
      try {
        client = await pool.connect();
        measures.poolSeconds.observe(secondsSince(start));
        const timed = { ...statement, query_timeout: Math.ceil(deadline - performance.now()) };
        const { rows } = await client.query<{ result: unknown }>(timed);
        return rows[0]?.result ?? null;
      } catch (error) {
        // What Postgres refused leaves the connection as good as it was; after anything else its state is not known.
        broken = !(error instanceof pg.DatabaseError) || error.severity === "FATAL";
        throw databaseError(error as Error & { code?: string }, error);
      } finally {
        client?.release(broken);
      }
    },
    pool: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    end: () => pool.end(),
  };
}

/** Objects and arrays are jsonb everywhere in our functions' signatures. */
function encode(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
