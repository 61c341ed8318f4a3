/**
 * The databases that test databases are cloned from, by the file's catalog: migrated, with the catalog, without users.
 * Those of tests have generous deadlines (generous-database.ts), except in the tests of a deadline.
 */
export const TEMPLATES = {
  reference: { shipped: "tollgate_reference", generous: "tollgate_reference_generous" },
  acme: { shipped: "tollgate_acme", generous: "tollgate_acme_generous" },
} as const;

/** The same server's connection string for another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
