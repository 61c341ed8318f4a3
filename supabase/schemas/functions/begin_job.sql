-- Called before every run of a job, by any scheduler. Returns null if another run is active, or began within
-- p_not_within_seconds. The lease is how long a killed run blocks the next one.
-- Locks: an advisory lock of the job's name for this transaction, which also works through poolers in transaction mode.
create or replace function tollgate.begin_job(
  p_job text,
  p_by text,
  p_lease_seconds integer,
  p_not_within_seconds integer default 0
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_now timestamptz;
  v_run bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('tollgate.job.' || p_job, 0));
  v_now := clock_timestamp();
  if exists (
    select from tollgate.job_runs r
    where r.job = p_job
      and ((r.finished_at is null and r.lease_until > v_now)
        or r.started_at > v_now - make_interval(secs => p_not_within_seconds))
  ) then
    return null;
  end if;
  delete from tollgate.job_runs r where r.job = p_job and r.started_at < v_now - interval '7 days';
  insert into tollgate.job_runs (job, started_by, started_at, lease_until)
  values (p_job, p_by, v_now, v_now + make_interval(secs => p_lease_seconds))
  returning run_id into v_run;
  return to_jsonb(v_run);
end;
$$;

comment on function tollgate.begin_job(text, text, integer, integer) is 'Begins a run of a job, unless another is active.';
