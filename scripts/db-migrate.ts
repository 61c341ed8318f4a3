import "./preflight";
import { APP_ROLE, setAppPassword } from "@/lib/database/app-role";
import { requireCountedTables } from "@/lib/database/counted-tables";
import { migrate } from "@/lib/database/migrate";
import config from "@/tollgate.config";
import { withDatabase } from "./database/configured";
import { loadSettings } from "./project";

const { appPassword } = loadSettings({ development: true }).database;

await withDatabase(async (url, { sandbox }) => {
  const { applied, warnings } = await migrate(url, config, { reference: true, sandbox }, console.log);
  for (const warning of warnings) console.warn(warning);
  console.log(applied.length > 0 ? `Applied: ${applied.join(", ")}` : "Up to date.");
  if (appPassword !== undefined) {
    await setAppPassword(url, appPassword);
    console.log(`The role ${APP_ROLE} signs in with DATABASE_APP_PASSWORD.`);
  }
  await requireCountedTables(url, config);
});
