-- Called by advance_window and refresh_subscription, under the row's lock. Ends expired reservations. Returns the
-- amounts that open ones reserve of the window at p_now, and the instant at which the first of them ends.
-- A reservation counts in the window in which it was made. If the current window starts from an older one's count
-- (carry-over, back to free), that window's reservations count here too. Once settled, they are part of this count.
create or replace function tollgate.reserved_at(
  p_user_id text,
  p_product text,
  p_source text,
  p_window_start timestamptz,
  p_now timestamptz,
  out held jsonb,
  out until timestamptz
)
language plpgsql set search_path = ''
as $$
declare
  v_transition_kind text;
begin
  update tollgate.reservations r set state = 'expired'
  where r.user_id = p_user_id and r.product = p_product and r.state = 'open' and r.expires_at <= p_now;

  select w.transition_kind into v_transition_kind
  from tollgate.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.source = p_source
    and w.window_start = p_window_start and w.opened_at <= p_now
  order by w.opened_at desc
  limit 1;

  select coalesce(jsonb_object_agg(o.field, o.amount) filter (where o.amount > 0), '{}'),
    coalesce(min(o.until), 'infinity')
  into held, until
  from (
    select r.field, min(r.expires_at) as until,
      sum(r.amount) filter (where v_transition_kind in ('carry_over', 'preserve') or r.at >= p_window_start) as amount
    from tollgate.reservations r
    where r.user_id = p_user_id and r.product = p_product and r.state = 'open'
    group by r.field
  ) o;
end;
$$;

comment on function tollgate.reserved_at(text, text, text, timestamptz, timestamptz) is 'Ends expired reservations; the reserved amounts of a window, and until when.';
