-- What admins did, each act a row. Written by record_admin_act, beside the act itself; never changed
-- (keep_admin_acts).
create table public.admin_acts (
  act_id bigint generated always as identity primary key,
  actor text not null,
  act text not null check (act ~ '^[a-z_.]{1,64}$'),
  -- Whom it was about; null where it was about nobody in particular.
  user_id text,
  details jsonb not null,
  done_at timestamptz not null default now()
);
comment on table public.admin_acts is 'Who did what by hand, and what came of it.';
create index admin_acts_user on public.admin_acts (user_id, act_id desc);

-- One row a round of a job. An unfinished row is a round under way, or one that was killed: after its lease another begins.
create table public.job_runs (
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
comment on table public.job_runs is 'Rounds of jobs: under way, finished, failed.';

alter table public.admin_acts enable row level security;
alter table public.job_runs enable row level security;
revoke all on public.admin_acts, public.job_runs from public, anon, authenticated;
grant all on public.admin_acts, public.job_runs to service_role;

-- What the admin's lists look for.
create index webhook_events_user on public.webhook_events (user_id, created_at);
create index decisions_decided on public.decisions (decided_at);
