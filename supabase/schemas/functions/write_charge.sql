-- Called by charge_usage and settle_usage, under the row's lock, for a charge within the limits. Adds it to the
-- counters and writes one ledger row per field. Returns the counters, the time of the ledger rows and their entries.
create or replace function tollgate.write_charge(
  p_counters tollgate.usage_counters[],
  p_amounts bigint[],
  p_key text,
  p_now timestamptz,
  out charged tollgate.usage_counters[],
  out charged_at timestamptz,
  out entries bigint[]
)
language plpgsql set search_path = ''
as $$
declare
  v_counter tollgate.usage_counters;
begin
  charged_at := greatest(p_now, p_counters[1].window_start);
  for i in 1 .. cardinality(p_amounts) loop
    update tollgate.usage_counters c set used = c.used + p_amounts[i], updated_at = p_now
    where c.user_id = p_counters[i].user_id and c.field = p_counters[i].field
    returning * into v_counter;
    charged := charged || v_counter;
    entries := entries || tollgate.write_ledger_row(
      v_counter.user_id, v_counter.product, v_counter.field, charged_at, p_amounts[i], p_key);
  end loop;
end;
$$;

comment on function tollgate.write_charge(tollgate.usage_counters[], bigint[], text, timestamptz) is 'Adds a charge to the counters and the ledger.';
