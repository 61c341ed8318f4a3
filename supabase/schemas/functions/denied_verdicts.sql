-- Called by charge_usage: one denied verdict per counter, each with its reason.
create or replace function tollgate.denied_verdicts(p_counters tollgate.usage_counters[], p_amounts bigint[]) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  v_state record;
  v_verdicts jsonb := '[]';
begin
  for i in 1 .. cardinality(p_amounts) loop
    v_state := tollgate.meter_state(p_counters[i]);
    v_verdicts := v_verdicts || (tollgate.verdict(p_counters[i], false) || case
      -- Another field's limit was the cause.
      when p_amounts[i] <= v_state.remaining then '{"reason": "limit_reached_elsewhere"}'::jsonb
      -- A payment would allow it.
      when p_amounts[i] <= v_state.remaining + v_state.unpaid_held then '{"reason": "payment_pending"}'
      else '{}' end);
  end loop;
  return v_verdicts;
end;
$$;

comment on function tollgate.denied_verdicts(tollgate.usage_counters[], bigint[]) is 'The verdicts of a charge that was denied.';
