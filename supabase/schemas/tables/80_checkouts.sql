-- Checkouts of our server, one row each, created before the request to the processor. At most one per user and product
-- can be paid at a time, at either processor and in any number of tabs.
create table tollgate.checkouts (
  user_id text not null references tollgate.users (user_id),
  checkout_id uuid not null default gen_random_uuid(),
  product text not null,
  plan text not null,
  billing_interval text not null check (billing_interval in ('monthly', 'yearly')),
  trial boolean not null,
  processor text not null check (processor in ('stripe', 'paddle')),
  -- The processor's id and the checkout's address; null until the processor has answered.
  external_id text,
  url text,
  -- opening: the request to the processor is under way. left_open: replaced, but the processor cannot close it.
  status text not null default 'opening' check (status in ('opening', 'open', 'paid', 'closed', 'left_open')),
  -- Its subscription, once it is paid.
  subscription_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Its promotion code; a checkout with another code is another checkout.
  code text,
  -- Paid beside another subscription. ending: its end and its refund have begun. refunded: both are done. used: both
  -- subscriptions were used, so neither is refunded.
  duplicate text check (duplicate in ('ending', 'refunded', 'used')),
  primary key (user_id, checkout_id),
  check (status in ('opening', 'closed') or external_id is not null)
);
create unique index checkouts_one_at_a_time on tollgate.checkouts (user_id, product) where status in ('opening', 'open');
create index checkouts_unsettled on tollgate.checkouts (updated_at, user_id, checkout_id)
  where subscription_id is null and status in ('open', 'left_open', 'paid');
create index checkouts_ending on tollgate.checkouts (updated_at) where status = 'paid' and duplicate = 'ending';
create index checkouts_paid on tollgate.checkouts (updated_at, user_id, checkout_id) where status = 'paid';
comment on table tollgate.checkouts is 'Checkouts that our server has opened, and their outcome.';

insert into tollgate.table_rights (table_name, app, users) values
  ('checkouts', 'select, insert, update, delete', null);
