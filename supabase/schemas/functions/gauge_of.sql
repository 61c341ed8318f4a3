-- Called by every function that changes a gauge. Errors: TG400 unknown field, a counter.
create or replace function tollgate.gauge_of(p_field text) returns tollgate.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.meter_of(p_field);
begin
  if v_meter.kind <> 'gauge' then
    raise exception '"%" is a counter. A counter is consumed, and only a gauge is set.', p_field
      using errcode = 'TG400', detail = 'field', hint = 'field_is_counter';
  end if;
  return v_meter;
end;
$$;

comment on function tollgate.gauge_of(text) is 'The meter of a gauge''s field.';
