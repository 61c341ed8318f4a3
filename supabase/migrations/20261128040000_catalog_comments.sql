-- The catalog's file has moved.
comment on table public.catalog_plans is 'Plans by product; a copy of lib/config/catalog.ts.';
comment on table public.catalog_meters is 'Meters by field name; a copy of lib/config/catalog.ts.';
