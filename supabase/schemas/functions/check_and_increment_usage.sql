-- Called over rpc by anyone with the service role, as the documents name it; the gate's own calls travel by consume_batch.
-- May this user do this now? If so, count it. The plan stored in the locked row decides; p_plan is a caller's belief,
-- reported back as plan_mismatch and never trusted. Atomicity, locks and errors: charge_usage.
create or replace function public.check_and_increment_usage(
  p_user_id text,
  p_field text,
  p_plan text default null,
  p_amount bigint default 1,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_verdict jsonb := public.charge_usage(p_user_id, array[p_field], array[p_amount], p_idempotency_key) -> 0;
begin
  if lower(p_plan) <> v_verdict ->> 'plan' then
    return v_verdict || jsonb_build_object('plan_mismatch', p_plan);
  end if;
  return v_verdict;
end;
$$;

comment on function public.check_and_increment_usage(text, text, text, bigint, text) is 'Counts an amount of a field if the limit allows it; the verdict either way.';
revoke all on function public.check_and_increment_usage(text, text, text, bigint, text) from public, anon, authenticated;
grant execute on function public.check_and_increment_usage(text, text, text, bigint, text) to service_role;
