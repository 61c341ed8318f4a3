/** Empties a database for `npm run db:reset`. */
import { withClient } from "@/lib/database/migrate";

/**
 * Drops all objects of the migrations, data included. On Supabase its own schemas stay. Throws after 10 s if another
 * open transaction locks a table.
 */
export async function dropEverything(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`
      begin;
      set local lock_timeout = '10s';
      drop schema if exists supabase_migrations cascade;
      drop schema if exists tollgate cascade;
      drop schema if exists public cascade;
      create schema public;
      grant usage on schema public to public;
      comment on schema public is 'standard public schema';
      commit;
    `);
  });
}
