/**
 * Prints only the connection string, for `psql "$(npm run -s db:url)"`. An embedded server that it had to start keeps
 * running, since the string is used later; `npm run dev` stops it at its end.
 */
import "./preflight";
import path from "node:path";
import { EVERY_PART, migrate } from "@/lib/database/migrate";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import config from "@/tollgate.config";
import { fail, loadSettings } from "./project";

const { database, dataDirectory } = loadSettings({ development: true });

async function embedded(): Promise<string> {
  const { url, reused } = await startEmbeddedPostgres({ directory: path.join(dataDirectory, "postgres") });
  if (!reused) await migrate(url, config, EVERY_PART);
  return url;
}

console.log(database.url ?? (await embedded().catch(fail)));
