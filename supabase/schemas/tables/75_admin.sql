-- What admins did, each act a row. Written by record_audit_entry, beside the act itself; never changed
-- (refuse_audit_changes).
create table tollgate.audit_entries (
  entry_id bigint generated always as identity primary key,
  actor text not null,
  act text not null check (act ~ '^[a-z_.]{1,64}$'),
  -- Whom it was about; null where it was about nobody in particular.
  user_id text,
  details jsonb not null,
  done_at timestamptz not null default now()
);
comment on table tollgate.audit_entries is 'Who did what by hand, and what came of it.';
create index audit_entries_user on tollgate.audit_entries (user_id, entry_id desc);

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
  ('audit_entries', 'select, insert, update', null),
  ('job_runs', 'select, insert, update, delete', null);
