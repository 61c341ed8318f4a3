-- Called after begin_hour_sums with its counters: sums their hours without a lock, then locks the counters and stores the
-- sums. A counter whose past has changed meanwhile is left out until the next run (add_to_hours). Works for about 300 ms;
-- returns the number of counters that were treated, from the first one, and that of the stored ones.
-- Locks: counters, in key order, each for at most 100 ms of waiting.
create or replace function tollgate.finish_hour_sums(p_counters jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '100ms'
as $$
declare
  v_counter record;
  v_sums jsonb;
  v_all jsonb[] := '{}';
  v_done integer := 0;
  v_stored integer := 0;
begin
  for v_counter in
    select d.user_id, d.field, d.until, d.round
    from rows from (jsonb_to_recordset(p_counters) as (user_id text, field text, until timestamptz, round bigint))
      with ordinality as d (user_id, field, until, round, position)
    order by d.position
  loop
    select coalesce(jsonb_object_agg(s.hour, s.amount), '{}') into v_sums
    from (
      select date_trunc('hour', l.at, 'UTC') as hour, sum(l.amount) as amount
      from tollgate.usage_ledger l
      where l.user_id = v_counter.user_id and l.field = v_counter.field and l.at < v_counter.until
        and l.at >= (select c.summed_until from tollgate.usage_counters c
          where c.user_id = v_counter.user_id and c.field = v_counter.field)
      group by 1
    ) s;
    v_all := v_all || (to_jsonb(v_counter) || jsonb_build_object('sums', v_sums));
    v_done := v_done + 1;
    exit when clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
  end loop;

  for v_counter in
    select d.user_id, d.field, d.until, d.round, d.sums
    from jsonb_to_recordset(to_jsonb(v_all)) as d (user_id text, field text, until timestamptz, round bigint, sums jsonb)
  loop
    begin
      update tollgate.usage_counters c set summed_until = c.summing_until
      where c.user_id = v_counter.user_id and c.field = v_counter.field and c.summing_until = v_counter.until
        -- Another begin after a correction may have the same time: its round is a later one.
        and c.summing_round = v_counter.round and c.summed_until < c.summing_until;
      if found then
        insert into tollgate.usage_hours as h (user_id, field, hour, amount)
        select v_counter.user_id, v_counter.field, s.key::timestamptz, s.value::bigint
        from jsonb_each_text(v_counter.sums) as s (key, value)
        -- The first minutes of the hour may be summed already.
        on conflict (user_id, field, hour) do update set amount = h.amount + excluded.amount;
        v_stored := v_stored + 1;
      end if;
    exception when lock_not_available then
      -- Left out.
    end;
  end loop;
  return jsonb_build_object('done', v_done, 'stored', v_stored);
end;
$$;

comment on function tollgate.finish_hour_sums(jsonb) is 'Sums hours that begin_hour_sums has chosen.';
