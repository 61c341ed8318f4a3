-- Called by POST /api/usage/gauge (service key only), by gauge.set, and in SQL by the owner of the things. Sets the number of
-- things and returns a verdict. A number above the limit is refused, unless the gauge does not grow by it. If a table is
-- registered for the gauge, the table's rows are right: the next comparison sets the gauge to their number.
-- Atomicity, keys, locks and errors: write_gauge. Errors also: TG400 a number that is no amount.
create or replace function tollgate.set_gauge(
  p_user_id text,
  p_field text,
  p_value bigint,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
begin
  if p_value is null or p_value not between 0 and 9007199254740991 then
    raise exception 'A gauge is set to a whole number from 0 to 9007199254740991.' using errcode = 'TG400', detail = 'set';
  end if;
  return tollgate.write_gauge(p_user_id, p_field, p_value, null, p_idempotency_key);
end;
$$;

comment on function tollgate.set_gauge(text, text, bigint, text) is 'Sets the number of things of a gauge; a verdict.';
