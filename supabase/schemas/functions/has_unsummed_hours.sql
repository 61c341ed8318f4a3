-- Called by load_timeline: whether a counter of the product has more than 2,000 ledger rows without a sum by hour. The
-- hours job keeps them few.
create or replace function tollgate.has_unsummed_hours(p_user_id text, p_product text, p_as_of timestamptz) returns boolean
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_until timestamptz := date_bin('5 minutes', greatest(tollgate.now_for(p_user_id), p_as_of), 'epoch');
  v_counter record;
begin
  for v_counter in
    -- A commit sums the window that is current before it. Rows from before that window cost more only after a late event.
    select c.field, greatest(c.summed_until, c.window_start) as since from tollgate.usage_counters c
    where c.user_id = p_user_id and c.product = p_product and c.summed_until < v_until
  loop
    perform from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = v_counter.field and l.at >= v_counter.since and l.at < v_until
    offset 2000 limit 1;
    if found then
      return true;
    end if;
  end loop;
  return false;
end;
$$;

comment on function tollgate.has_unsummed_hours(text, text, timestamptz) is 'Whether many ledger rows have no sum by hour.';
