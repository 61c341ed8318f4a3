/** A transport that counts its calls, and the transactions that write. */
import type pg from "pg";
import type { Transport } from "@/lib/database/transports/transport";

interface Counted {
  /** The called functions, in order. */
  calls: string[];
  /** Transactions with an id of their own: Postgres flushes each of them to disk. */
  flushes: number;
}

export function countedTransport(pool: () => pg.Pool): Transport & { take(): Counted } {
  let counted: Counted = { calls: [], flushes: 0 };
  return {
    async call(name, args) {
      counted.calls.push(name);
      const keys = Object.keys(args);
      const values = keys.map((key) => {
        const value = args[key] ?? null;
        return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
      });
      const named = keys.map((key, index) => `${key} => $${index + 1}`).join(", ");
      const client = await pool().connect();
      try {
        await client.query("begin");
        const { rows } = await client.query(`select tollgate.${name}(${named}) as result`, values);
        const { rows: ids } = await client.query("select pg_current_xact_id_if_assigned() is not null as writes");
        await client.query("commit");
        if (ids[0].writes) counted.flushes += 1;
        return rows[0].result;
      } catch (error) {
        await client.query("rollback");
        throw error;
      } finally {
        client.release();
      }
    },
    /** The counts since the last `take`. */
    take() {
      const taken = counted;
      counted = { calls: [], flushes: 0 };
      return taken;
    },
    end: async () => {},
  };
}
