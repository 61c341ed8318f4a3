-- Called by every function that counts or gives back a field. Errors: TG400 unknown field, a gauge.
create or replace function tollgate.counter_of(p_field text) returns tollgate.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.meter_of(p_field);
begin
  if v_meter.kind = 'gauge' then
    raise exception '"%" is a gauge: set_gauge and add_to_gauge change it.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
  end if;
  return v_meter;
end;
$$;

comment on function tollgate.counter_of(text) is 'The meter of a field that callers may count.';
