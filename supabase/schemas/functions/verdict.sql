-- Called by every function that allows or refuses; the one shape of the answer.
create or replace function public.verdict(p_row public.subscriptions, p_field text, p_allowed boolean) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'allowed', p_allowed,
    'field', p_field,
    'used', m.used,
    'limit', m.limit_amount,
    'remaining', m.remaining,
    'resets_at', case when c.kind = 'counter' then public.instant_text(p_row.window_end) end,
    'plan', p_row.plan
  ) || case
    when p_allowed then '{}'::jsonb
    else jsonb_build_object('reason', 'limit_reached') end
  from public.meter_state(p_row, p_field) m
  join public.catalog_meters c on c.field = p_field;
$$;

comment on function public.verdict(public.subscriptions, text, boolean) is 'The answer to one consumption: allowed or not, used, limit, remaining, when it resets, and why.';
revoke all on function public.verdict(public.subscriptions, text, boolean) from public, anon, authenticated;
grant execute on function public.verdict(public.subscriptions, text, boolean) to service_role;
