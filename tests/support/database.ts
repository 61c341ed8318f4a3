/** A real database of its own for a test file. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";
import { catalog } from "@/lib/config/current-catalog";
import { withClient } from "@/lib/database/migrate";
import type { Transport } from "@/lib/database/transports/transport";
import acme from "./acme/catalog";
import { asApp } from "./app-role";
import { databaseUrl, TEMPLATES } from "./database-url";
import { chosenKind, openTransport, type TransportKind } from "./transports";

export interface TestDatabase {
  /** Connects as the superuser. Set before the first test (and before the file's own `beforeAll`). */
  readonly url: string;
  /** Connects as the app's role, as a production installation does. */
  readonly appUrl: string;
  /**
   * The file's pool, made at the first call; `size` counts then only. Its clients are real concurrent connections. Its
   * statements name tables of `tollgate` without the schema.
   */
  pool(size?: number): pg.Pool;
  /** The transport of a gateway: by default that of TEST_TRANSPORT, so that the same tests run over each. */
  transport(options?: { connections?: number; kind?: TransportKind }): Transport;
}

export interface DatabaseOptions {
  /** "shipped" for tests of the database's deadlines; on a busy machine any other test may reach those. */
  deadlines?: "generous" | "shipped";
}

/** For statements of tests only: the product's calls name the schema. */
export const SEARCH_PATH = "-c search_path=tollgate,public,extensions";

/**
 * Clones the migrated template when the file begins and drops the clone when it ends. Call it at the top of a file or
 * of a `describe`, before other hooks.
 */
export function testDatabase({ deadlines = "generous" }: DatabaseOptions = {}): TestDatabase {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const server = inject("serverUrl");
  const url = databaseUrl(server, name);
  let pool: pg.Pool | undefined;
  const transports: Transport[] = [];

  beforeAll(() =>
    withClient(server, async (client) => {
      // One clone at a time: a template must not be in use, not even by another clone's copy.
      await client.query("select pg_advisory_lock(1)");
      const template = TEMPLATES[catalog() === acme ? "acme" : "reference"][deadlines];
      await client.query(`create database ${name} template ${template} strategy file_copy`);
    }),
  );
  afterAll(async () => {
    await pool?.end();
    await Promise.all(transports.map((transport) => transport.end()));
    await withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`));
  });

  return {
    url,
    appUrl: asApp(url),
    pool(size = 16) {
      if (!pool) {
        pool = new pg.Pool({ connectionString: url, max: size, options: SEARCH_PATH });
        pool.on("error", () => {});
      }
      return pool;
    },
    transport({ kind = chosenKind(), ...options } = {}) {
      const transport = openTransport(kind, name, options);
      transports.push(transport);
      return transport;
    },
  };
}
