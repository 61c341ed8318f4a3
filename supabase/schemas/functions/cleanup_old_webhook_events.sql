-- Called by the cleanup job: deletes decided events older than p_days. Undecided, deferred and quarantined events stay,
-- since they still wait.
create or replace function tollgate.cleanup_old_webhook_events(p_days integer default 30) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_deleted bigint;
begin
  if p_days is null or p_days not between 1 and 36500 then
    raise exception 'Days are a whole number from 1 to 36500.' using errcode = 'TG400', detail = 'days';
  end if;
  delete from tollgate.webhook_events e
  where e.outcome in ('applied', 'ignored') and e.created_at < now() - make_interval(days => p_days);
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted);
end;
$$;

comment on function tollgate.cleanup_old_webhook_events(integer) is 'Deletes webhook events that were decided more than some days ago.';
