-- Called by the partitions job after its walk over oldest_needed_usage: drops the oldest month of the ledger and of its
-- hourly sums that ends before p_before and p_needed. One month per call, so that no lock lasts long; "more" means that
-- another one can be dropped. Without p_needed, as release 0.1.0 calls it, nothing is dropped.
create or replace function tollgate.drop_ledger_partitions(p_before date, p_needed timestamptz default null) returns jsonb
-- Definer: only the table's owner can drop partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_before timestamptz := least(date_trunc('month', p_before::timestamp) at time zone 'UTC', p_needed);
  v_month text;
  v_partition record;
  v_dropped jsonb := '[]';
  v_more boolean := false;
begin
  perform pg_advisory_xact_lock(hashtextextended('tollgate.usage_ledger', 0));
  for v_partition in
    select c.relname, right(c.relname, 7) as month
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where p_needed is not null
      and i.inhparent in ('tollgate.usage_ledger'::regclass, 'tollgate.usage_hours'::regclass)
      and c.relname ~ '^usage_(ledger|hours)_[0-9]{4}_[0-9]{2}$'
      and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' <= v_before
    order by right(c.relname, 7), c.relname
  loop
    v_month := coalesce(v_month, v_partition.month);
    v_more := v_partition.month <> v_month;
    exit when v_more;
    execute format('drop table tollgate.%I', v_partition.relname);
    v_dropped := v_dropped || to_jsonb(v_partition.relname);
  end loop;
  return jsonb_build_object(
    'dropped', v_dropped, 'deleted', 0, 'before', tollgate.instant_text(v_before), 'more', v_more);
end;
$$;

comment on function tollgate.drop_ledger_partitions(date, timestamptz) is 'Drops the oldest month of the ledger that is no longer needed.';
