-- Called by every function that allows or denies: the common shape of the answer. A denial's reason is limit_reached unless
-- the caller replaces it. A gauge does not reset, so its callers replace resets_at.
create or replace function tollgate.verdict(p_counter tollgate.usage_counters, p_allowed boolean) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  v_verdict jsonb := jsonb_build_object(
    'allowed', p_allowed,
    'field', p_counter.field,
    'used', p_counter.used,
    'limit', p_counter.limit_amount,
    'remaining', (tollgate.meter_state(p_counter)).remaining,
    'resets_at', tollgate.instant_text(p_counter.window_end),
    'plan', p_counter.plan);
begin
  return case when p_allowed then v_verdict else v_verdict || '{"reason": "limit_reached"}' end;
end;
$$;

comment on function tollgate.verdict(tollgate.usage_counters, boolean) is 'Allowed or not, with the numbers.';
