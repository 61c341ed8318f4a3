-- Called by load_timeline: whether a counter of the product has more than 2,000 ledger rows of whole hours without a sum. The
-- hours job keeps them few.
create or replace function tollgate.has_unsummed_hours(p_user_id text, p_product text, p_as_of timestamptz) returns boolean
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_until timestamptz := date_trunc('hour', greatest(tollgate.now_for(p_user_id), p_as_of), 'UTC');
begin
  return exists (
    select from tollgate.usage_counters c
    where c.user_id = p_user_id and c.product = p_product and c.summed_until < v_until
      and exists (
        select from tollgate.usage_ledger l
        where l.user_id = c.user_id and l.field = c.field and l.at >= c.summed_until and l.at < v_until
        offset 2000));
end;
$$;

comment on function tollgate.has_unsummed_hours(text, text, timestamptz) is 'Whether many ledger rows have no sum by hour.';
