import type { Catalog } from "@/lib/config/catalog";
import { saveCatalogStatement } from "@/lib/database/catalog-document";

/**
 * supabase/seed.sql: the catalog, for installations that migrate with the Supabase CLI. A test keeps the file up to
 * date.
 */
export function seedDocument(config: Catalog): string {
  return [
    "-- The catalog of tollgate.config.ts, written from it: UPDATE_SEED=1 npx vitest run --project unit scripts/database",
    "-- The Supabase CLI runs this after the migrations (db reset; db push --include-seed); npm run db:migrate does not need it.",
    saveCatalogStatement(config),
    "",
  ].join("\n");
}
