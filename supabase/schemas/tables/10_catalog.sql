-- The catalog's copy of lib/config/catalog.ts, written by save_catalog at migration. Nothing else writes it.
create table public.catalog_plans (
  product text not null,
  plan text not null,
  name text not null,
  -- 0 is free; higher is better.
  rank integer not null check (rank >= 0),
  cadence text not null check (cadence in ('daily', 'monthly', 'billing_period')),
  -- Limits are for each unit of the subscription's quantity.
  per_quantity boolean not null,
  primary key (product, plan),
  unique (product, rank)
);
comment on table public.catalog_plans is 'Plans by product; a copy of lib/config/catalog.ts.';

create table public.catalog_meters (
  -- Unique over all products, so that a field names its product.
  field text primary key,
  product text not null,
  kind text not null check (kind in ('counter', 'gauge')),
  position integer not null
);
comment on table public.catalog_meters is 'Meters by field name; a copy of lib/config/catalog.ts.';

create table public.catalog_limits (
  product text not null,
  plan text not null,
  field text not null references public.catalog_meters (field),
  limit_amount bigint not null check (limit_amount >= 0),
  primary key (product, plan, field),
  foreign key (product, plan) references public.catalog_plans (product, plan)
);
comment on table public.catalog_limits is 'What a plan grants of a meter in one window, or at one time for a gauge.';
create index catalog_limits_field on public.catalog_limits (field);

alter table public.catalog_plans enable row level security;
alter table public.catalog_meters enable row level security;
alter table public.catalog_limits enable row level security;
revoke all on public.catalog_plans, public.catalog_meters, public.catalog_limits from public, anon, authenticated;
grant all on public.catalog_plans, public.catalog_meters, public.catalog_limits to service_role;

-- Prices and limits are no secret; the profiles view reads them with its caller's rights.
grant select on public.catalog_plans, public.catalog_meters, public.catalog_limits to authenticated;
create policy "Everyone signed in reads plans" on public.catalog_plans for select to authenticated using (true);
create policy "Everyone signed in reads meters" on public.catalog_meters for select to authenticated using (true);
create policy "Everyone signed in reads limits" on public.catalog_limits for select to authenticated using (true);
