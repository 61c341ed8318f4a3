/** The transports to a test database: direct, supabase-js over the fake PostgREST, and PgBouncer. */
import { inject } from "vitest";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { supabaseTransport } from "@/lib/database/transports/supabase";
import type { Transport } from "@/lib/database/transports/transport";
import { startFakePostgrest } from "@/tests/fakes/postgrest";
import { asApp } from "./app-role";
import { databaseUrl } from "./database-url";

export const TRANSPORT_KINDS = ["direct", "supabase", "pgbouncer"] as const;
export type TransportKind = (typeof TRANSPORT_KINDS)[number];

/** A project's keys; the fake PostgREST accepts no others. */
export const SERVICE_KEY = "sb_secret_of_the_tests";
export const PUBLISHABLE_KEY = "sb_publishable_of_the_tests";
export const JWT_SECRET = "the-fake-postgrest-verifies-with-this";

/** Whether this machine can open such a transport; the global set-up has said so if it cannot. */
export function isAvailable(kind: TransportKind): boolean {
  return kind !== "pgbouncer" || inject("bouncerUrl") !== null;
}

/** The kind that `TEST_TRANSPORT` asks for, so that the same tests run over each. */
export function chosenKind(): TransportKind {
  const wanted = process.env.TEST_TRANSPORT || "direct";
  const kind = TRANSPORT_KINDS.find((each) => each === wanted);
  if (kind === undefined) throw new Error(`TEST_TRANSPORT is one of ${TRANSPORT_KINDS.join(", ")}.`);
  return kind;
}

/** Opens at its first call, when the database is there; `end` closes the things that it started. */
export function openTransport(kind: TransportKind, database: string, options: { connections?: number }): Transport {
  let opening: Promise<{ transport: Transport; stop: () => Promise<void> }> | undefined;
  return {
    async call(name, args) {
      opening ??= open(kind, database, options);
      return (await opening).transport.call(name, args);
    },
    /** Also the second time: a test may end its gateway itself. */
    async end() {
      const opened = await opening;
      opening = undefined;
      await opened?.transport.end();
      await opened?.stop();
    },
  };
}

async function open(kind: TransportKind, database: string, options: { connections?: number }) {
  if (kind === "supabase") {
    const fake = await startFakePostgrest({
      databaseUrl: databaseUrl(inject("authenticatorUrl"), database),
      keys: { [SERVICE_KEY]: "service_role", [PUBLISHABLE_KEY]: "anon" },
      jwtSecret: JWT_SECRET,
      ...options,
    });
    return { transport: supabaseTransport({ url: fake.url, secretKey: SERVICE_KEY }), stop: fake.stop };
  }
  const server = kind === "pgbouncer" ? inject("bouncerUrl") : inject("serverUrl");
  if (server === null) throw new Error("PgBouncer is not installed here.");
  const url = databaseUrl(server, database);
  // Directly by the app's role, so that each test of a function shows that the role may call it.
  return {
    transport: postgresTransport(kind === "direct" ? asApp(url) : url, options),
    stop: async () => {},
  };
}
