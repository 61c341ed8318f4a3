-- Called by every function that counts or gives back a field by hand. Errors: TG400 unknown field, a gauge.
create or replace function public.counter_of(p_field text) returns public.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter public.catalog_meters := public.meter_of(p_field);
begin
  if v_meter.kind = 'gauge' then
    raise exception '"%" follows the things that exist and is never counted by hand.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
  end if;
  return v_meter;
end;
$$;

comment on function public.counter_of(text) is 'The meter of a field that may be counted by hand.';
revoke all on function public.counter_of(text) from public, anon, authenticated;
grant execute on function public.counter_of(text) to service_role;
