import { log } from "@/lib/core/observability";
import { DatabaseError, gateway } from "@/lib/database";

export interface Health {
  alive: true;
  /** Whether this process can serve requests. */
  ready: boolean;
  database: "answers" | "does_not_answer" | "not_migrated";
  /** What an operator does about it. */
  advice?: string;
}

/** The schema or the function is missing: in Postgres, and in Supabase's API. */
const NOT_MIGRATED = new Set(["3F000", "42883", "PGRST106", "PGRST202"]);
const ADVICE = "Migrate the database: tollgate migrate (in this repository: npm run db:migrate).";

/** Checks the database. It does not check the cache, which the process does not need. */
export async function health(ping: () => Promise<unknown> = () => gateway().ping()): Promise<Health> {
  try {
    await ping();
    return { alive: true, ready: true, database: "answers" };
  } catch (error) {
    if (!(error instanceof DatabaseError && NOT_MIGRATED.has(error.code)))
      return { alive: true, ready: false, database: "does_not_answer" };
    log.error({ error: error.message }, `[Health] ${ADVICE}`);
    return { alive: true, ready: false, database: "not_migrated", advice: ADVICE };
  }
}
