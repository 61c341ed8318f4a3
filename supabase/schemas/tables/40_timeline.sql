-- Facts of events, and the result of their fold (lib/billing/timeline/build-timeline.ts). commit_timeline writes these tables
-- together, or none of them.
create table tollgate.facts (
  user_id text not null,
  product text not null,
  fact_id text not null,
  kind text not null check (kind in ('snapshot', 'payment', 'schedule', 'transfer', 'discount')),
  processor text not null,
  subscription_id text not null,
  occurred_at timestamptz not null,
  event_id text not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (user_id, product, fact_id)
);
comment on table tollgate.facts is 'The statements of events in our own terms; the timeline is a pure fold over them.';
-- Finds the former users of a subscription.
create index facts_transfers on tollgate.facts (processor, subscription_id) where kind = 'transfer';

-- Finds the facts since a checkpoint.
create index facts_by_time on tollgate.facts (user_id, product, occurred_at);

-- The fold's state after all facts before the cut (lib/billing/timeline/checkpoint.ts). It is an aid: without it all facts are
-- folded. replace_timeline deletes it with every timeline that was folded from all facts, and stores the next one.
create table tollgate.checkpoints (
  user_id text not null,
  product text not null,
  cut timestamptz not null,
  body jsonb not null,
  primary key (user_id, product)
);
comment on table tollgate.checkpoints is 'The fold''s state at the end of closed history, one row per user and product.';

create table tollgate.subscription_records (
  user_id text not null,
  product text not null,
  source text not null,
  processor text not null,
  subscription_id text not null,
  plan text,
  billing_interval text check (billing_interval in ('monthly', 'yearly')),
  quantity integer not null,
  status text not null,
  period_start timestamptz,
  period_end timestamptz,
  cancel_at timestamptz,
  trial_end timestamptz,
  collection_paused boolean not null,
  past_due_since timestamptz,
  updated_at timestamptz not null,
  ended_at timestamptz,
  -- Our own scheduled change for the end of the period.
  scheduled_plan text,
  scheduled_interval text check (scheduled_interval in ('monthly', 'yearly')),
  -- Discounts of its charges: [{id, name, code, off, ends_at}]. Shown only.
  discounts jsonb not null default '[]',
  primary key (user_id, product, source)
);
create index subscription_records_subscription on tollgate.subscription_records (processor, subscription_id);
-- For the reconcile job, which begins with these, and for the count of overdue renewals.
create index subscription_records_renewing on tollgate.subscription_records (period_end, user_id, product, source)
  where ended_at is null;
create index subscription_records_owing on tollgate.subscription_records (processor)
  where status in ('past_due', 'unpaid');
create index subscription_records_scheduled on tollgate.subscription_records (period_end) where scheduled_plan is not null;
comment on table tollgate.subscription_records is 'Each processor subscription as last known.';

-- The key guarantees that a period of a subscription opens once, for any number of events.
create table tollgate.billing_periods (
  user_id text not null,
  product text not null,
  source text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  plan text not null,
  billing_interval text not null check (billing_interval in ('monthly', 'yearly')),
  trial boolean not null,
  paid boolean not null,
  paid_in_full boolean not null,
  reason text not null,
  primary key (user_id, product, source, period_start)
);
comment on table tollgate.billing_periods is 'The periods that a subscription charges for; each start exists once.';

create table tollgate.entitlement_periods (
  user_id text not null,
  product text not null,
  -- Each period lasts until the next one starts.
  starts_at timestamptz not null,
  source text not null,
  plan text not null,
  limit_plan text not null,
  status text,
  processor text,
  subscription_id text,
  billing_interval text,
  quantity integer not null,
  period_start timestamptz,
  period_end timestamptz,
  cadence text not null check (cadence in ('daily', 'monthly', 'billing_period')),
  anchor timestamptz not null,
  withheld boolean not null,
  primary key (user_id, product, starts_at)
);
comment on table tollgate.entitlement_periods is 'The plan of a user from each time on, into the future. A user without a row is on free.';

create table tollgate.usage_windows (
  user_id text not null,
  product text not null,
  source text not null,
  window_start timestamptz not null,
  -- A window of the free plan can open again each time an entitlement returns to it.
  opened_at timestamptz not null,
  window_end timestamptz not null,
  period_start timestamptz,
  counts_until timestamptz,
  transition_kind text not null check (transition_kind in ('reset', 'carry_over', 'preserve')),
  reason text not null,
  from_source text,
  from_window_start timestamptz,
  from_period_start timestamptz,
  from_counts_until timestamptz,
  share jsonb not null,
  unpaid boolean not null,
  withheld_from_previous boolean not null,
  -- Computed from the ledger under the row's lock at opened_at; null until then.
  opening jsonb,
  credited jsonb,
  unpaid_held jsonb,
  primary key (user_id, product, source, window_start, opened_at)
);
comment on table tollgate.usage_windows is 'The beginning of a usage window: its opening, the credited usage and the reason.';

create unique index usage_windows_open_once on tollgate.usage_windows (user_id, product, source, window_start)
  where source <> 'free';
-- Finds the windows since a checkpoint, and those whose opening is due.
create index usage_windows_by_time on tollgate.usage_windows (user_id, product, opened_at);

create table tollgate.decisions (
  user_id text not null,
  decision_id bigint generated always as identity,
  product text not null,
  processor text not null,
  event_id text not null,
  event_type text not null,
  decided_at timestamptz not null,
  action text not null check (action in ('reset', 'carry_over', 'preserve')),
  reason text not null,
  analysis jsonb,
  flags jsonb not null,
  before jsonb not null,
  after jsonb not null,
  -- The request or the run of a job that caused it, as in the log.
  request_id text,
  primary key (user_id, decision_id),
  unique (user_id, product, processor, event_id)
);
comment on table tollgate.decisions is 'The difference that each event made, with its one reason; users and admins read it.';

-- When the job may try a scheduled plan change again; not part of the timeline.
create table tollgate.scheduled_change_runs (
  user_id text not null,
  product text not null,
  source text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  last_error text,
  primary key (user_id, product, source)
);
comment on table tollgate.scheduled_change_runs is 'Attempts to carry out a scheduled plan change at the processor.';

insert into tollgate.table_rights (table_name, app, users) values
  ('facts', 'select, insert, update, delete', null),
  ('checkpoints', 'select, insert, update, delete', null),
  ('subscription_records', 'select, insert, update, delete', null),
  ('billing_periods', 'select, insert, update, delete', null),
  ('entitlement_periods', 'select, insert, delete', null),
  ('usage_windows', 'select, insert, update, delete', 'own'),
  ('decisions', 'select, insert, delete', 'own'),
  ('scheduled_change_runs', 'select, insert, update, delete', null);
