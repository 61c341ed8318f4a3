/** The Supabase transport: one Postgres function per call, by the SDK's `rpc` with the project's secret key. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { callMs } from "@/lib/core/deadlines";
import { DatabaseError, databaseError } from "../errors";
import { arrayValues } from "./sql-array";
import type { Transport } from "./transport";

interface SupabaseProject {
  url: string;
  /** `sb_secret_…`, or a project's old service_role JWT. */
  secretKey: string;
}

/** A transport over a Supabase project's REST API. The first call loads the SDK. */
export function supabaseTransport(project: SupabaseProject, { timeoutMs = Number.POSITIVE_INFINITY } = {}): Transport {
  let client: Promise<SupabaseClient> | undefined;
  return {
    async call(name, args) {
      client ??= connect(project);
      const rpc = (await client)
        .schema("tollgate")
        .rpc(name, withoutUndefined(args))
        .abortSignal(AbortSignal.timeout(Math.min(timeoutMs, callMs(name))));
      const { data, error, status } = await rpc;
      if (error) throw errorOf(error, status);
      return data;
    },
    end: async () => {},
  };
}

async function connect({ url, secretKey }: SupabaseProject): Promise<SupabaseClient> {
  const { createClient } = await import("@supabase/supabase-js");
  // No session: one kept in memory would apply to the next caller.
  const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
  return createClient(url, secretKey, { auth });
}

/** JSON drops undefined, and PostgREST selects a function by its argument names. It reads JSON arrays as arrays. */
function withoutUndefined(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, arrayValues(value) ?? value ?? null]));
}

/** Answers from a proxy, or no answer (0): the call may succeed later. */
const UNANSWERED = new Set([0, 429, 502, 503, 504, 520, 521, 522, 523, 524]);
/** The project's API does not serve the schema. */
const SCHEMA_NOT_EXPOSED = "PGRST106";
const SQLSTATE = /^[0-9A-Z]{5}$/;

function errorOf(
  { code, message, details, hint }: { code: string; message: string; details: string | null; hint: string | null },
  status: number,
): DatabaseError {
  if (SQLSTATE.test(code)) return databaseError({ code, message, detail: details, hint });
  // PGRST000 to 003: PostgREST has no connection to its database.
  const unavailable = UNANSWERED.has(status) || /^PGRST00[0-3]$/.test(code);
  if (code === SCHEMA_NOT_EXPOSED)
    return new DatabaseError(
      `${message}. Add tollgate to the exposed schemas of the project (docs/supabase.md).`,
      "broken",
      code,
    );
  return new DatabaseError(message, unavailable ? "unavailable" : "broken", code || `HTTP ${status}`);
}
