-- Called by charge_usage: whether every amount is within what remains of its field.
create or replace function public.fits(p_row public.subscriptions, p_fields text[], p_amounts bigint[]) returns boolean
language sql stable set search_path = ''
as $$
  select bool_and(c.amount <= m.remaining)
  from unnest(p_fields, p_amounts) as c (field, amount)
  cross join lateral public.meter_state(p_row, c.field) m;
$$;

comment on function public.fits(public.subscriptions, text[], bigint[]) is 'Whether a charge is within every limit.';
revoke all on function public.fits(public.subscriptions, text[], bigint[]) from public, anon, authenticated;
grant execute on function public.fits(public.subscriptions, text[], bigint[]) to service_role;
