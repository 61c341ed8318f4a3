-- Called by every function that takes a field from outside. Errors: TG400 a field that no product has.
create or replace function tollgate.meter_of(p_field text) returns tollgate.catalog_meters
language plpgsql stable set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters;
begin
  select * into v_meter from tollgate.catalog_meters m where m.field = p_field;
  if not found then
    raise exception 'There is no meter with this name.' using errcode = 'TG400', detail = 'field';
  end if;
  return v_meter;
end;
$$;

comment on function tollgate.meter_of(text) is 'The meter of a field name.';
