-- Called at migration and by the partitions job: creates the monthly partitions that are missing. Rows outside every month
-- (a sandbox clock far ahead) go to the default partition and are counted as well.
create or replace function tollgate.create_ledger_partitions(p_from date, p_months integer) returns jsonb
-- Definer: only the table's owner can add partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_start date;
  v_name text;
  v_made jsonb := '[]';
begin
  -- Concurrent runs wait for each other.
  perform pg_advisory_xact_lock(hashtextextended('tollgate.usage_ledger', 0));
  for i in 0 .. p_months - 1 loop
    v_start := (date_trunc('month', p_from) + make_interval(months => i))::date;
    v_name := 'usage_ledger_' || to_char(v_start, 'YYYY_MM');
    continue when to_regclass('tollgate.' || v_name) is not null;
    -- A separate table that is attached later: rows of the default partition move to their month first.
    execute format('create table tollgate.%I (like tollgate.usage_ledger including all)', v_name);
    lock table tollgate.usage_ledger_default in access exclusive mode;
    execute format(
      'with moved as (delete from tollgate.usage_ledger_default l where l.at >= %L and l.at < %L returning *)
       insert into tollgate.%I (user_id, product, field, at, amount, entry, idempotency_key, given_back)
       select m.user_id, m.product, m.field, m.at, m.amount, m.entry, m.idempotency_key, m.given_back from moved m',
      v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00', v_name);
    execute format(
      'alter table tollgate.usage_ledger attach partition tollgate.%I for values from (%L) to (%L)',
      v_name, v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00');
    execute format('alter table tollgate.%I enable row level security', v_name);
    v_made := v_made || to_jsonb(v_name);
  end loop;
  return v_made;
end;
$$;

comment on function tollgate.create_ledger_partitions(date, integer) is 'Creates the monthly partitions of the ledger that are missing.';
