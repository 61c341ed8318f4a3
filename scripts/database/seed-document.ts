import type { Catalog } from "@/lib/config/catalog";
import { catalogDocument } from "@/lib/database/catalog-document";

/**
 * supabase/seed.sql: the catalog, for installations that migrate with the Supabase CLI. A test keeps the file up to
 * date.
 */
export function seedDocument(config: Catalog): string {
  const catalog = JSON.stringify(catalogDocument(config), null, 2);
  if (catalog.includes("$catalog$")) throw new Error("The catalog must not hold $catalog$.");
  return [
    "-- The catalog of tollgate.config.ts, written from it: UPDATE_SEED=1 npx vitest run --project unit scripts/database",
    "-- The Supabase CLI runs this after the migrations (db reset; db push --include-seed); npm run db:migrate does not need it.",
    `select tollgate.save_catalog($catalog$${catalog}$catalog$::jsonb);`,
    "",
  ].join("\n");
}
