-- Called at migration and by the partitions job: creates the monthly partitions of the ledger and of its hourly sums that
-- are missing. Rows outside every month (a sandbox clock far ahead) go to the default partition and are counted as well.
create or replace function tollgate.create_ledger_partitions(p_from date, p_months integer) returns jsonb
-- Definer: only the table's owner can add partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_start date;
  v_made jsonb := '[]';
begin
  -- Concurrent runs wait for each other.
  perform pg_advisory_xact_lock(hashtextextended('tollgate.usage_ledger', 0));
  for i in 0 .. p_months - 1 loop
    v_start := (date_trunc('month', p_from) + make_interval(months => i))::date;
    v_made := v_made
      || tollgate.create_month('usage_ledger', 'at', v_start,
        'user_id, product, field, at, amount, entry, idempotency_key, given_back')
      || tollgate.create_month('usage_hours', 'hour', v_start, 'user_id, field, hour, amount');
  end loop;
  return v_made;
end;
$$;

comment on function tollgate.create_ledger_partitions(date, integer) is 'Creates the monthly partitions of the ledger that are missing.';
