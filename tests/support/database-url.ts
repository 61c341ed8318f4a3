/** The database that test databases are cloned from: migrated, with the catalog, without users. */
export const TEMPLATE = "tollgate_template";

/** The same, with generous deadlines (generous-database.ts). */
export const GENEROUS_TEMPLATE = "tollgate_template_generous";

/** The same server's connection string for another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
