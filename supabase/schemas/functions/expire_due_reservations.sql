-- Called by the expire job. The gate ends expired reservations itself when a row is next used. This function does it for
-- unused rows, so that other readers see right numbers. Locked rows wait for the next run. Works for about 300 ms.
create or replace function tollgate.expire_due_reservations(p_rows integer default 500) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_row record;
  v_count integer := 0;
begin
  for v_row in
    select s.user_id, s.product
    from tollgate.subscriptions s
    where (s.user_id, s.product) in (
      select d.user_id, d.product
      from (
        -- By the index on the real time, and all of users whose time differs from it.
        (select r.user_id, r.product, r.expires_at
          from tollgate.reservations r
          where r.state = 'open' and r.expires_at <= now() and r.expires_at <= tollgate.now_for(r.user_id)
          order by r.expires_at
          limit p_rows)
        union all
        select r.user_id, r.product, r.expires_at
        from tollgate.moved_clocks() u
        join tollgate.reservations r on r.user_id = u
        where r.state = 'open' and r.expires_at <= tollgate.now_for(r.user_id)
      ) d
      order by d.expires_at
      limit p_rows)
    order by s.user_id, s.product
    for update skip locked
  loop
    perform tollgate.lock_subscription(v_row.user_id, v_row.product);
    v_count := v_count + 1;
    exit when clock_timestamp() - statement_timestamp() > interval '300 milliseconds';
  end loop;
  return jsonb_build_object('rows', v_count);
end;
$$;

comment on function tollgate.expire_due_reservations(integer) is 'Ends expired reservations of rows that are not used.';
