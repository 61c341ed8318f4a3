-- Called by the partitions job. Drops the months of the ledger and of its hourly sums that end before p_before, and old rows
-- of the default partitions. Months stay if their rows belong to an open window, to a window that another opening still needs, or to an open reservation.
create or replace function tollgate.drop_ledger_partitions(p_before date) returns jsonb
-- Definer: only the table's owner can drop partitions.
language plpgsql security definer set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_before timestamptz;
  v_partition record;
  v_dropped jsonb := '[]';
  v_deleted bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('tollgate.usage_ledger', 0));
  select least(
    date_trunc('month', p_before::timestamp) at time zone 'UTC',
    (select min(least(s.window_start, s.current_period_start)) from tollgate.subscriptions s
      where s.advance_at > greatest(tollgate.now_for(s.user_id), s.as_of)),
    (select min(w.from_window_start) from tollgate.usage_windows w where w.opening is null),
    (select min(r.at) from tollgate.reservations r where r.state = 'open')
  ) into v_before;

  for v_partition in
    select c.relname, (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' as ends_at
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent in ('tollgate.usage_ledger'::regclass, 'tollgate.usage_hours'::regclass)
      and c.relname ~ '^usage_(ledger|hours)_[0-9]{4}_[0-9]{2}$'
    order by c.relname
  loop
    continue when v_partition.ends_at > v_before;
    execute format('drop table tollgate.%I', v_partition.relname);
    v_dropped := v_dropped || to_jsonb(v_partition.relname);
  end loop;
  delete from tollgate.usage_ledger_default l where l.at < v_before;
  get diagnostics v_deleted = row_count;
  delete from tollgate.usage_hours_default h where h.hour < v_before;
  return jsonb_build_object('dropped', v_dropped, 'deleted', v_deleted, 'before', tollgate.instant_text(v_before));
end;
$$;

comment on function tollgate.drop_ledger_partitions(date) is 'Drops months of the ledger that are no longer needed.';
