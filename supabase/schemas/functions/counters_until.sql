-- Called by write_counters and lock_subscription: the time until which the counters of a row are current without another
-- read. The sandbox's clock can move at any time, so then there is none.
create or replace function tollgate.counters_until(p_row tollgate.subscriptions) returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  return case when tollgate.clock_shift(p_row.user_id) is not null then '-infinity'::timestamptz
    else least(p_row.advance_at, p_row.refresh_at) end;
end;
$$;

comment on function tollgate.counters_until(tollgate.subscriptions) is 'Until when a row''s counters are current.';
