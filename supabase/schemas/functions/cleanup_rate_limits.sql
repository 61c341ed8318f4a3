-- Called by the cleanup job: deletes counters of attempts whose window has ended. At most p_rows per call, so that no call
-- holds its locks for long; "more" means that there may be others. Counters that another transaction locks stay.
create or replace function tollgate.cleanup_rate_limits(p_rows integer default 5000) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_deleted bigint;
begin
  delete from tollgate.rate_limits r
  where r.ctid = any (array(
    select o.ctid
    from tollgate.rate_limits o
    where o.resets_at < now()
    order by o.resets_at
    limit p_rows
    for update skip locked));
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted, 'more', v_deleted >= p_rows);
end;
$$;

comment on function tollgate.cleanup_rate_limits(integer) is 'Deletes counters of attempts whose window has ended.';
