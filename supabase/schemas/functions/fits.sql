-- Called by charge_usage and its like: whether every amount is within what remains of its field.
create or replace function public.fits(p_row public.subscriptions, p_fields text[], p_amounts bigint[]) returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  for i in 1 .. cardinality(p_fields) loop
    if p_amounts[i] > (public.meter_state(p_row, p_fields[i])).remaining then
      return false;
    end if;
  end loop;
  return true;
end;
$$;

comment on function public.fits(public.subscriptions, text[], bigint[]) is 'Whether a charge is within every limit.';
revoke all on function public.fits(public.subscriptions, text[], bigint[]) from public, anon, authenticated;
grant execute on function public.fits(public.subscriptions, text[], bigint[]) to service_role;
