-- What a user should be told, once: a limit that comes near or is reached, a payment that failed, a plan that ended. The
-- unique key is the promise: one row a threshold and window, whatever finds it and how often.
create table tollgate.notices (
  user_id text not null references tollgate.users (user_id),
  notice_id bigint generated always as identity,
  product text not null,
  kind text not null check (kind in ('near_limit', 'limit_reached', 'payment_failed', 'plan_ended')),
  -- The meter of a limit; '' for the others.
  field text not null default '',
  source text not null,
  -- Start of the window, of the stretch in which a payment is open, or of what came after the plan.
  occasion_at timestamptz not null,
  -- A share of another limit is another threshold; 0 for notices without one.
  limit_amount bigint not null default 0,
  -- What the words are made of: plan, used, limit, resets_at, grace_until, processor.
  details jsonb not null,
  created_at timestamptz not null default now(),
  dismissed_at timestamptz,
  -- Delivery by e-mail or webhook, where one is plugged in; the app shows the row in any case.
  delivered_at timestamptz,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  primary key (user_id, notice_id),
  unique (user_id, product, kind, field, source, occasion_at, limit_amount)
);
comment on table tollgate.notices is 'What users are told, a row once for each occasion.';
create index notices_undelivered on tollgate.notices (next_attempt_at) where delivered_at is null;
create index notices_created on tollgate.notices (created_at);

insert into tollgate.table_rights (table_name, app, users) values
  ('notices', 'select, insert, update, delete', 'own');
