-- Notices to users: a limit that is near or reached, a failed payment, the end of a plan. The unique key guarantees
-- one row per threshold and window, for any number of runs.
create table tollgate.notices (
  user_id text not null references tollgate.users (user_id),
  notice_id bigint generated always as identity,
  product text not null,
  kind text not null check (kind in ('near_limit', 'limit_reached', 'payment_failed', 'plan_ended')),
  -- The meter of a limit; '' for the others.
  field text not null default '',
  source text not null,
  -- Start of the window, of the time without payment, or the end of the plan.
  occasion_at timestamptz not null,
  -- Another limit is another threshold; 0 for notices without a limit.
  limit_amount bigint not null default 0,
  -- For the text: plan, used, limit, resets_at, grace_until, processor.
  details jsonb not null,
  created_at timestamptz not null default now(),
  dismissed_at timestamptz,
  -- Delivery by e-mail or webhook, if one is configured; the app shows the row in any case.
  delivered_at timestamptz,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  primary key (user_id, notice_id),
  unique (user_id, product, kind, field, source, occasion_at, limit_amount)
);
comment on table tollgate.notices is 'Notices to users, one row per occasion.';
create index notices_undelivered on tollgate.notices (next_attempt_at) where delivered_at is null;
create index notices_created on tollgate.notices (created_at);

insert into tollgate.table_rights (table_name, app, users) values
  ('notices', 'select, insert, update, delete', 'own');
