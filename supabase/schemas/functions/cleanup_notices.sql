-- Called by the notices job: deletes notices older than p_days, also those that still apply: a year is longer than any
-- window.
create or replace function tollgate.cleanup_notices(p_days integer default 400) returns jsonb
language sql set search_path = ''
as $$
  with gone as (
    delete from tollgate.notices n where n.created_at < now() - make_interval(days => p_days) returning 1
  )
  select jsonb_build_object('deleted', (select count(*) from gone));
$$;

comment on function tollgate.cleanup_notices(integer) is 'Deletes old notices.';
