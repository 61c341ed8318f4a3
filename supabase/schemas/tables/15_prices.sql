-- Prices at the processors. `tollgate push` stores them, so that no environment variable has to name them.
create table tollgate.processor_prices (
  processor text not null check (processor in ('stripe', 'paddle')),
  price_id text not null,
  mode text not null check (mode in ('live', 'test')),
  product text not null,
  plan text not null,
  "interval" text not null check ("interval" in ('monthly', 'yearly')),
  -- The processor's id of the product to which the price belongs.
  processor_product_id text not null,
  -- Minor units of the currency.
  amount bigint not null check (amount >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  lookup_key text not null,
  -- An archived price is not sold, but deliveries still recognize it.
  active boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (processor, price_id)
);
comment on table tollgate.processor_prices is 'Prices at the processors, one row per price id, also archived ones.';

insert into tollgate.table_rights (table_name, app, users) values
  ('processor_prices', 'select, insert, update', null);
