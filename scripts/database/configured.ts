/** The database of a command: the configured one, else the embedded one of the data directory. */
import path from "node:path";
import { tryHoldDataDirectory } from "@/lib/local/data-directory";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import { fail, loadSettings } from "../project";

/**
 * Runs `work` on the database; an embedded server that was started for it is stopped afterwards. `sandbox` is true for the
 * embedded database, which `npm run dev` uses, and with `TOLLGATE_SANDBOX=1`.
 */
export async function withDatabase(work: (url: string, options: { sandbox: boolean }) => Promise<void>): Promise<void> {
  const { database, dataDirectory, sandbox } = loadSettings({ development: true });
  try {
    if (database.url) return await work(database.url, { sandbox });
    // If we hold the lock, no `dev` can start to use the server that we will stop. If another run holds it, the server
    // stays.
    const held = tryHoldDataDirectory(dataDirectory);
    const server = await startEmbeddedPostgres({ directory: path.join(dataDirectory, "postgres") });
    try {
      await work(server.url, { sandbox: true });
    } finally {
      if (held && !server.reused) await server.stop();
      held?.release();
    }
  } catch (error) {
    fail(error);
  }
}
