/** The direct transport: one Postgres function per call, over a pool with named statements. */
import { createHash } from "node:crypto";
import pg from "pg";
import { CONNECT_MS, callMs } from "@/lib/core/deadlines";
import { metrics, secondsSince } from "@/lib/core/observability/metrics";
import { databaseError } from "../errors";
import { arrayValues } from "./sql-array";
import type { Transport } from "./transport";

/** A transport over any Postgres, or over a pooler in transaction mode. */
export function postgresTransport(connectionString: string, { connections = 16 } = {}): Transport {
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: "tollgate",
  });
  // A broken idle connection is replaced at the next call. Without a listener its error would end the process.
  pool.on("error", () => {});
  const statements = new Map<string, Statement>();
  /** False once a pooler in transaction mode has mixed up statements. */
  let named = true;
  return {
    async call(name, args) {
      const names = Object.keys(args);
      const { text, statementName } = statementOf(statements, name, names);
      const values = names.map((key) => encode(args[key]));
      const start = performance.now();
      const deadline = start + callMs(name);
      let client: pg.PoolClient | undefined;
      let broken = false;
      const send = (statement: pg.QueryConfig) => {
        const timed = { ...statement, query_timeout: Math.max(1, Math.ceil(deadline - performance.now())) };
        return (client as pg.PoolClient).query<{ result: unknown }>(timed);
      };
      try {
        client = await pool.connect();
        metrics.poolSeconds.observe(secondsSince(start));
        const statement = named ? { name: statementName, text, values } : { text, values };
        const { rows } = await send(statement).catch((error: unknown) => {
          if (!lacksNamedStatements(error)) throw error;
          // Postgres refused before execution, so the same call may be repeated.
          named = false;
          return send({ text, values });
        });
        return rows[0]?.result ?? null;
      } catch (error) {
        // After an error from Postgres the connection is usable; after any other error its state is unknown.
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

interface Statement {
  text: string;
  statementName: string;
}

/**
 * The text that calls a function with these arguments. A named statement is planned once per connection. The name contains
 * a hash of the text, since another version of this code may share the connection behind a pooler. 63 characters at most.
 */
function statementOf(known: Map<string, Statement>, name: string, names: readonly string[]): Statement {
  const key = `${name} ${names.join(" ")}`;
  const found = known.get(key);
  if (found) return found;
  const text = `select tollgate.${name}(${names.map((each, index) => `${each} => $${index + 1}`).join(", ")}) as result`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const statement = { text, statementName: `${name.slice(0, 46)}/${hash}` };
  known.set(key, statement);
  return statement;
}

/**
 * The statement is missing or already exists: a pooler without support for named statements (PgBouncer before 1.21).
 */
function lacksNamedStatements(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "26000" || code === "42P05";
}

/** Objects and arrays are jsonb in the signatures of our functions, except those of sqlArray. */
function encode(value: unknown): unknown {
  if (value === undefined) return null;
  const values = arrayValues(value);
  // The driver writes a JavaScript array as an array of Postgres.
  if (values !== undefined) return values;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}
