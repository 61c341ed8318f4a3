-- Called when a run of a job has ended, with or without an error.
create or replace function tollgate.finish_job(p_job text, p_run_id bigint, p_result jsonb, p_error text) returns jsonb
language sql set search_path = ''
as $$
  update tollgate.job_runs r
  set finished_at = clock_timestamp(), result = p_result, error = left(p_error, 2000)
  where r.job = p_job and r.run_id = p_run_id
  returning jsonb_build_object('finished', true);
$$;

comment on function tollgate.finish_job(text, bigint, jsonb, text) is 'Ends a run of a job.';
