-- Called by POST /api/usage/gauge (service key only), by gauge.add, and in SQL by the owner of the things, in the transaction
-- that creates or deletes them and before that statement. Adds p_delta things, or removes them if it is negative, and returns
-- a verdict. If it is a denial, the caller creates nothing.
-- Atomicity, keys, locks and errors: write_gauge. Errors also: TG400 a delta of 0 or out of range.
create or replace function tollgate.add_to_gauge(
  p_user_id text,
  p_field text,
  p_delta bigint default 1,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
begin
  if p_delta is null or p_delta = 0 or p_delta not between -9007199254740991 and 9007199254740991 then
    raise exception 'A gauge changes by a whole number other than 0, at most 9007199254740991 in size.'
      using errcode = 'TG400', detail = 'add';
  end if;
  return tollgate.write_gauge(p_user_id, p_field, null, p_delta, p_idempotency_key);
end;
$$;

comment on function tollgate.add_to_gauge(text, text, bigint, text) is 'Adds things to a gauge or removes them; a verdict.';
