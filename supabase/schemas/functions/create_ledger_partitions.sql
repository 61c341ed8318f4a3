-- Called at migration and by the partitions job: makes the months' partitions that are not there yet. Rows outside every
-- month (a sandbox clock moved far ahead) fall in the default partition and are counted all the same.
create or replace function public.create_ledger_partitions(p_from date, p_months integer) returns jsonb
-- Definer: the job runs as service_role, and only the table's owner can add partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_start date;
  v_name text;
  v_made jsonb := '[]';
begin
  -- Rounds at once take turns.
  perform pg_advisory_xact_lock(hashtextextended('public.usage_ledger', 0));
  for i in 0 .. p_months - 1 loop
    v_start := (date_trunc('month', p_from) + make_interval(months => i))::date;
    v_name := 'usage_ledger_' || to_char(v_start, 'YYYY_MM');
    continue when to_regclass('public.' || v_name) is not null;
    -- Made beside the ledger and attached: rows that fell in the default partition move to their month first.
    execute format('create table public.%I (like public.usage_ledger including all)', v_name);
    lock table public.usage_ledger_default in access exclusive mode;
    execute format(
      'with moved as (delete from public.usage_ledger_default l where l.at >= %L and l.at < %L returning *)
       insert into public.%I select * from moved',
      v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00', v_name);
    execute format(
      'alter table public.usage_ledger attach partition public.%I for values from (%L) to (%L)',
      v_name, v_start || ' 00:00:00+00', (v_start + interval '1 month')::date || ' 00:00:00+00');
    execute format('alter table public.%I enable row level security', v_name);
    execute format('revoke all on public.%I from public, anon, authenticated', v_name);
    execute format('grant all on public.%I to service_role', v_name);
    v_made := v_made || to_jsonb(v_name);
  end loop;
  return v_made;
end;
$$;

comment on function public.create_ledger_partitions(date, integer) is 'Makes the monthly partitions of the ledger that are missing.';
revoke all on function public.create_ledger_partitions(date, integer) from public, anon, authenticated;
grant execute on function public.create_ledger_partitions(date, integer) to service_role;
