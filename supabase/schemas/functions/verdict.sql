-- Called by every function that allows or denies: the common shape of the answer. A denial's reason is limit_reached unless
-- the caller replaces it. A gauge does not reset, so its callers replace resets_at.
create or replace function tollgate.verdict(p_row tollgate.subscriptions, p_field text, p_allowed boolean) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  v_state record := tollgate.meter_state(p_row, p_field);
  v_verdict jsonb := jsonb_build_object(
    'allowed', p_allowed,
    'field', p_field,
    'used', v_state.used,
    'limit', v_state.limit_amount,
    'remaining', v_state.remaining,
    'resets_at', tollgate.instant_text(p_row.window_end),
    'plan', p_row.plan);
begin
  return case when p_allowed then v_verdict else v_verdict || '{"reason": "limit_reached"}' end;
end;
$$;

comment on function tollgate.verdict(tollgate.subscriptions, text, boolean) is 'Allowed or not, with the numbers.';
