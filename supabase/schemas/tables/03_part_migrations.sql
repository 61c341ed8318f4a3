-- Migrations of the optional parts (supabase/parts). The table of the Supabase CLI records the main ones.
create table tollgate.part_migrations (
  part text not null,
  version text not null,
  applied_at timestamptz not null default now(),
  primary key (part, version)
);
comment on table tollgate.part_migrations is 'Applied migrations of optional parts.';

insert into tollgate.table_rights (table_name, app, users) values
  ('part_migrations', null, null);
