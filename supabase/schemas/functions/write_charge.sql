-- Called by charge_usage and settle_usage, under the row's lock, for a charge within the limits. Adds it to the
-- counters and writes one ledger row per field. Returns the row, the time of the ledger rows and their entries.
create or replace function tollgate.write_charge(
  p_row tollgate.subscriptions,
  p_fields text[],
  p_amounts bigint[],
  p_key text,
  p_now timestamptz,
  out charged tollgate.subscriptions,
  out charged_at timestamptz,
  out entries bigint[]
)
language plpgsql set search_path = ''
as $$
declare
  v_usage jsonb;
begin
  select jsonb_object_agg(c.field, coalesce((p_row.usage ->> c.field)::bigint, 0) + c.amount) into v_usage
  from unnest(p_fields, p_amounts) as c (field, amount);
  update tollgate.subscriptions s set usage = s.usage || v_usage, updated_at = p_now
  where s.user_id = p_row.user_id and s.product = p_row.product
  returning * into charged;
  charged_at := greatest(p_now, charged.window_start);
  with written as (
    insert into tollgate.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select p_row.user_id, p_row.product, c.field, charged_at, c.amount, p_key
    from unnest(p_fields, p_amounts) as c (field, amount)
    returning entry
  )
  select array_agg(w.entry) into entries from written w;
end;
$$;

comment on function tollgate.write_charge(tollgate.subscriptions, text[], bigint[], text, timestamptz) is 'Adds a charge to the counters and the ledger.';
