-- Called by charge_usage, reserve_usage, settle_usage and functions that create things which a gauge counts. Returns
-- whether each amount is within the rest of its counter.
create or replace function tollgate.has_capacity(p_counters tollgate.usage_counters[], p_amounts bigint[]) returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  for i in 1 .. cardinality(p_amounts) loop
    if p_amounts[i] > (tollgate.meter_state(p_counters[i])).remaining then
      return false;
    end if;
  end loop;
  return true;
end;
$$;

comment on function tollgate.has_capacity(tollgate.usage_counters[], bigint[]) is 'Whether a charge is within every limit.';
