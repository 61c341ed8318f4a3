/** The production build and its database, for benchmarks over HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "@/scripts/database/embedded";
import { startPreview } from "@/tests/support/preview";

const PORT = process.env.BENCH_PORT ?? "3190";

/** A bench's limit override: no run reaches it. */
export const ENDLESS_LIMIT = Number.MAX_SAFE_INTEGER;

/** Starts the preview on an empty data directory, connects to its database, and removes both after the bench. */
export async function withPreview(work: (database: pg.Client) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-bench-"));
  const preview = await startPreview({ port: PORT, directory });
  // The preview has started this server; the call only finds it.
  const { url } = await startEmbeddedPostgres({ directory: path.join(directory, "postgres") });
  const database = new pg.Client({ connectionString: url });
  await database.connect();
  try {
    await work(database);
  } finally {
    await database.end();
    await preview.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Sent {
  method: string;
  path: string;
  body?: string;
  headers?: Readonly<Record<string, string>>;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
}

/** Sends one request over the agent's connections and reads the answer to its end. */
export function send(agent: http.Agent, { method, path: to, body, headers }: Sent): Promise<Answer> {
  const all = {
    origin: `http://localhost:${PORT}`,
    ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(
      { agent, host: "localhost", port: PORT, path: to, method, headers: all },
      (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
