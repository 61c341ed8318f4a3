/** Drops everything and migrates again. The next `npm run dev` creates the demo data again. */
import "./preflight";
import { migrate } from "@/lib/database/migrate";
import { isLoopback } from "@/lib/local/serve-app";
import config from "@/tollgate.config";
import { withDatabase } from "./database/configured";
import { dropEverything } from "./database/reset";

await withDatabase(async (url, { sandbox }) => {
  const { hostname, pathname } = new URL(url);
  if (!isLoopback(url) && !process.argv.includes("--yes"))
    throw new Error(
      `This would delete all data of ${pathname.slice(1)} on ${hostname}. If you are sure: npm run db:reset -- --yes`,
    );
  await dropEverything(url);
  await migrate(url, config, { reference: true, sandbox });
  console.log("The database is empty and migrated.");
});
