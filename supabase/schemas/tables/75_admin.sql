-- Actions of admins, one row each. record_audit_entry writes it with the action. It never changes
-- (refuse_audit_changes).
create table tollgate.audit_entries (
  entry_id bigint generated always as identity primary key,
  actor text not null,
  act text not null check (act ~ '^[a-z_.]{1,64}$'),
  -- The user of the action; null if it had none.
  user_id text,
  details jsonb not null,
  done_at timestamptz not null default now()
);
comment on table tollgate.audit_entries is 'Manual actions: actor, action and result.';
create index audit_entries_user on tollgate.audit_entries (user_id, entry_id desc);

-- One row per run of a job. An unfinished row is an active run, or a killed one: after its lease another begins.
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
comment on table tollgate.job_runs is 'Runs of jobs: active, finished, failed.';

-- For the admin's lists.
create index webhook_events_user on tollgate.webhook_events (user_id, created_at);
create index decisions_decided on tollgate.decisions (decided_at);

insert into tollgate.table_rights (table_name, app, users) values
  ('audit_entries', 'select, insert, update', null),
  ('job_runs', 'select, insert, update, delete', null);
