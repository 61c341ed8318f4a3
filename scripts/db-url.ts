/**
 * Prints the connection string and nothing else, for `psql "$(npm run -s db:url)"`. Starts the embedded server where
 * none runs and leaves it running, since the string is used after this ends; `npm run dev` stops it with itself.
 */
import "./preflight";
import path from "node:path";
import { migrate } from "@/lib/database/migrate";
import { startEmbeddedPostgres } from "./database/embedded";
import { fail, loadSettings } from "./project";

const { database, dataDirectory } = loadSettings({ development: true });

async function embedded(): Promise<string> {
  const { url, reused } = await startEmbeddedPostgres({ directory: path.join(dataDirectory, "postgres") });
  if (!reused) await migrate(url);
  return url;
}

console.log(database.url ?? (await embedded().catch(fail)));
