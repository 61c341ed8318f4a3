-- Called by the cleanup job: deletes decided events older than p_days. Undecided, deferred and quarantined events stay,
-- since they still wait. At most p_rows per call, so that no call holds its locks for long; "more" means that there may be
-- others. Events that another transaction locks stay.
create or replace function tollgate.cleanup_old_webhook_events(p_days integer default 30, p_rows integer default 5000)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_deleted bigint;
begin
  if p_days is null or p_days not between 1 and 36500 then
    raise exception 'Days are a whole number from 1 to 36500.' using errcode = 'TG400', detail = 'days';
  end if;
  delete from tollgate.webhook_events e
  where e.ctid = any (array(
    select o.ctid
    from tollgate.webhook_events o
    where o.outcome in ('applied', 'ignored') and o.created_at < now() - make_interval(days => p_days)
    order by o.created_at
    limit p_rows
    for update skip locked));
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted, 'more', v_deleted >= p_rows);
end;
$$;

comment on function tollgate.cleanup_old_webhook_events(integer, integer) is 'Deletes webhook events that were decided more than some days ago.';
