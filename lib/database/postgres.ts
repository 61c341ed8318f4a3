/** The direct transport: one Postgres function a call, over a pool of named statements. */
import pg from "pg";
import { databaseError } from "./errors";
import type { Transport } from "./transport";

/** A delivery or a consumption must be answered within 4 s, with a 503 if need be. */
const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 3_500;

/** A transport over any Postgres, or a pooler in transaction mode in front of one. */
export function postgresTransport(connectionString: string, { connections = 16 } = {}): Transport {
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
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
      try {
        const { rows } = await pool.query<{ result: unknown }>(statement);
        return rows[0]?.result ?? null;
      } catch (error) {
        throw databaseError(error as Error & { code?: string }, error);
      }
    },
    end: () => pool.end(),
  };
}

/** Objects and arrays are jsonb everywhere in our functions' signatures. */
function encode(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
