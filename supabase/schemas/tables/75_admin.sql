-- What admins did, each act a row. Written by record_admin_act, beside the act itself; never changed
-- (keep_admin_acts).
create table tollgate.admin_acts (
  act_id bigint generated always as identity primary key,
  actor text not null,
  act text not null check (act ~ '^[a-z_.]{1,64}$'),
  -- Whom it was about; null where it was about nobody in particular.
  user_id text,
  details jsonb not null,
  done_at timestamptz not null default now()
);
comment on table tollgate.admin_acts is 'Who did what by hand, and what came of it.';
create index admin_acts_user on tollgate.admin_acts (user_id, act_id desc);

-- One row a round of a job. An unfinished row is a round under way, or one that was killed: after its lease another begins.
create table tollgate.job_runs (
  job text not null check (job ~ '^[a-z_]{1,64}$'),
  run_id bigint generated always as identity,
  started_by text not null,
  started_at timestamptz not null,
  lease_until timestamptz not null,
  finished_at timestamptz,
  result jsonb,
  error text,
  primary key (job, run_id)
);
comment on table tollgate.job_runs is 'Rounds of jobs: under way, finished, failed.';

-- What the admin's lists look for.
create index webhook_events_user on tollgate.webhook_events (user_id, created_at);
create index decisions_decided on tollgate.decisions (decided_at);

insert into tollgate.table_rights (table_name, app, users) values
  ('admin_acts', 'select, insert, update', null),
  ('job_runs', 'select, insert, update, delete', null);
