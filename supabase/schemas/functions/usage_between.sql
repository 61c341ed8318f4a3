-- Called for every sum over the ledger: the usage of a field from p_from and before p_until. Hours are summed already
-- (usage_hours), the running one until a few minutes ago; only the rows of the hours at both ends, and those since the last
-- sum, are read. So the cost does not depend on the number of calls.
create or replace function tollgate.usage_between(
  p_user_id text,
  p_field text,
  p_from timestamptz,
  p_until timestamptz
) returns bigint
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  -- From the first full hour of the range to the end of its sums. The last hour may be summed in part, if the range contains
  -- all of that part.
  v_first timestamptz := date_trunc('hour', p_from + interval '1 hour' - interval '1 microsecond', 'UTC');
  v_last timestamptz;
begin
  select case when c.summed_until <= p_until then c.summed_until else date_trunc('hour', p_until, 'UTC') end into v_last
  from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field;
  if v_last is null or v_last <= v_first then
    return (
      select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l
      where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until);
  end if;
  return (
    select coalesce(sum(h.amount), 0) from tollgate.usage_hours h
    where h.user_id = p_user_id and h.field = p_field and h.hour >= v_first and h.hour < v_last)
  + (
    select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < v_first)
  + (
    select coalesce(sum(l.amount), 0) from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= v_last and l.at < p_until);
end;
$$;

comment on function tollgate.usage_between(text, text, timestamptz, timestamptz) is 'Usage of a field between two instants, by hourly sums.';
