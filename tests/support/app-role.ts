/** The app's role on the server of the tests. */
import type pg from "pg";
import { APP_ROLE, appUrl } from "@/lib/database/app-role";

/** For the run of the tests only. */
export const APP_PASSWORD = "the-app-role-of-the-tests";

/** A database's connection string for the app's role. */
export const asApp = (url: string): string => appUrl(url, APP_PASSWORD);

/** In the sandbox the app owns its database; tests use the sandbox's clock. In production these rights stay closed. */
export async function openSandbox(client: pg.Client): Promise<void> {
  await client.query(`
    grant execute on all functions in schema tollgate to ${APP_ROLE};
    grant select, insert, update, delete on tollgate.sandbox_clocks, tollgate.sandbox_accounts, tollgate.sandbox_objects,
      tollgate.sandbox_events, tollgate.sandbox_requests to ${APP_ROLE};`);
}
