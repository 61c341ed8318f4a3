-- The catalog's copy in Postgres. Only save_catalog writes it, at migration.
create table tollgate.catalog_plans (
  product text not null,
  plan text not null,
  name text not null,
  -- 0 is free; a higher rank is a better plan.
  rank integer not null check (rank >= 0),
  cadence text not null check (cadence in ('daily', 'monthly', 'billing_period')),
  -- Limits apply per unit of the subscription's quantity.
  per_quantity boolean not null,
  primary key (product, plan),
  unique (product, rank)
);
comment on table tollgate.catalog_plans is 'Plans by product; a copy of the config.';

create table tollgate.catalog_meters (
  -- Unique over all products, so that a field names its product.
  field text primary key,
  product text not null,
  kind text not null check (kind in ('counter', 'gauge')),
  position integer not null,
  -- One unit in words, for messages; null in a catalog of release 0.1.0.
  unit text
);
comment on table tollgate.catalog_meters is 'Meters by field name; a copy of the config.';

create table tollgate.catalog_limits (
  product text not null,
  plan text not null,
  field text not null references tollgate.catalog_meters (field),
  limit_amount bigint not null check (limit_amount >= 0),
  primary key (product, plan, field),
  foreign key (product, plan) references tollgate.catalog_plans (product, plan)
);
comment on table tollgate.catalog_limits is 'The amount of a meter that a plan allows in one window, or at one time for a gauge.';
create index catalog_limits_field on tollgate.catalog_limits (field);

-- Products whose limits have changed, and the last user whose counters follow already (refresh_limits).
create table tollgate.limit_refreshes (
  product text primary key,
  after text not null default ''
);
comment on table tollgate.limit_refreshes is 'Walks over the users of a product after a change of its limits.';

-- An installation's own tables: a gauge equals the number of a user's rows. save_catalog writes the config's tables. A row that
-- an owner has added by hand, as for release 0.1.0, applies if the config names no table.
create table tollgate.counted_tables (
  field text not null,
  -- With its schema. A table that does not exist counts nothing (counted_table).
  table_name text not null,
  user_column text not null,
  by_config boolean not null default false,
  primary key (field, by_config)
);
comment on table tollgate.counted_tables is 'The tables whose rows gauges count.';

insert into tollgate.table_rights (table_name, app, users) values
  ('counted_tables', 'select', null),
  ('limit_refreshes', null, null),
  ('catalog_plans', 'select', 'all'),
  ('catalog_meters', 'select', 'all'),
  ('catalog_limits', 'select', 'all');
