-- Called by commit_timeline, under the row's lock and after the timeline is stored: raises the revision, and sets the row and
-- its counters to the timeline. If neither an entitlement period nor a window has changed, and the row's time has not
-- come, its entitlement, window and counts stay as they are.
create or replace function tollgate.finish_commit(p_row tollgate.subscriptions, p_now timestamptz, p_timeline jsonb)
returns tollgate.subscriptions
language plpgsql set search_path = ''
as $$
declare
  v_row tollgate.subscriptions;
  v_as_of timestamptz := (p_timeline ->> 'as_of')::timestamptz;
  v_now timestamptz := greatest(p_now, v_as_of);
begin
  if not p_timeline ? 'based_on' or p_timeline ->> 'changed_from' is not null
    or v_now >= least(p_row.advance_at, p_row.refresh_at) then
    return tollgate.advance_window(p_row.user_id, p_row.product, v_now, v_as_of, p_timeline ->> 'folded_by');
  end if;
  update tollgate.subscriptions s
  set revision = s.revision + 1, as_of = v_as_of, folded_by = p_timeline ->> 'folded_by', updated_at = p_now,
    (cancel_at, scheduled_plan) = (
      select m.cancel_at, m.scheduled_plan from tollgate.subscription_records m
      where m.user_id = p_row.user_id and m.product = p_row.product and m.source = p_row.source)
  where s.user_id = p_row.user_id and s.product = p_row.product
  returning * into v_row;
  update tollgate.usage_counters c set as_of = v_as_of
  where c.user_id = p_row.user_id and c.product = p_row.product;
  return v_row;
end;
$$;

comment on function tollgate.finish_commit(tollgate.subscriptions, timestamptz, jsonb) is 'Sets a row to the timeline that was stored.';
