-- Called by all functions but the batch that write a ledger row, under the counter's lock. Writes the row and, for a time
-- whose hour is summed, the hour's sum. Returns the row's entry.
create or replace function tollgate.write_ledger_row(
  p_user_id text,
  p_product text,
  p_field text,
  p_at timestamptz,
  p_amount bigint,
  p_key text default null
) returns bigint
language plpgsql set search_path = ''
as $$
declare
  v_entry bigint;
begin
  insert into tollgate.usage_ledger (user_id, product, field, at, amount, idempotency_key)
  values (p_user_id, p_product, p_field, p_at, p_amount, p_key)
  returning entry into v_entry;
  perform tollgate.add_to_hours(p_user_id, p_field, array[p_at], array[p_amount]);
  return v_entry;
end;
$$;

comment on function tollgate.write_ledger_row(text, text, text, timestamptz, bigint, text) is 'Writes a ledger row, and its hour''s sum if there is one.';
