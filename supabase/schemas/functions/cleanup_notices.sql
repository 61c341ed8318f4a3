-- Called by the notices job: deletes notices older than p_days, also those that still apply: a year is longer than any
-- window. At most p_rows per call; "more" means that there may be others.
create or replace function tollgate.cleanup_notices(p_days integer default 400, p_rows integer default 5000) returns jsonb
language sql set search_path = ''
as $$
  with gone as (
    delete from tollgate.notices n
    where n.ctid = any (array(
      select o.ctid
      from tollgate.notices o
      where o.created_at < now() - make_interval(days => p_days)
      order by o.created_at
      limit p_rows
      for update skip locked))
    returning 1
  )
  select jsonb_build_object('deleted', count(*), 'more', count(*) >= p_rows) from gone;
$$;

comment on function tollgate.cleanup_notices(integer, integer) is 'Deletes old notices.';
