-- Called before counters are used without their lock: whether their window and limits are still current.
create or replace function tollgate.counters_are_current(p_counters tollgate.usage_counters[]) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
begin
  for i in 1 .. cardinality(p_counters) loop
    if greatest(v_now + p_counters[i].clock_ahead, p_counters[i].as_of) >= p_counters[i].current_until then
      return false;
    end if;
  end loop;
  return true;
end;
$$;

comment on function tollgate.counters_are_current(tollgate.usage_counters[]) is 'Whether counters are current as they are.';
