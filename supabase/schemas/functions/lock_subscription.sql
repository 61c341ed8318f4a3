-- Called by every function that counts, gives back or commits: the only way to the row. Locks the user's row of the product
-- (and creates it if needed), then its counters in key order, and reads the clock under the locks. If its time has come,
-- sets the row to the current window, or ends expired reservations and overrides. Moves the counters of release 0.1.0.
-- The calling function's lock_timeout limits the wait; then it gets 55P03. A batch of the gate locks counters only and never
-- waits, so it cannot be part of a deadlock.
create or replace function tollgate.lock_subscription(
  p_user_id text,
  p_product text,
  out locked tollgate.subscriptions,
  out now_at timestamptz
)
language plpgsql set search_path = ''
as $$
begin
  select * into locked from tollgate.subscriptions s
  where s.user_id = p_user_id and s.product = p_product for update;
  if not found then
    perform tollgate.ensure_subscription(p_user_id, p_product);
    select * into locked from tollgate.subscriptions s
    where s.user_id = p_user_id and s.product = p_product for update;
  end if;
  if locked.usage is not null then
    locked := tollgate.convert_counters(locked);
  end if;
  perform from tollgate.usage_counters c
  where c.user_id = p_user_id and c.product = p_product
  order by c.field
  for update;
  now_at := greatest(tollgate.now_for(p_user_id), locked.as_of);
  if now_at >= locked.advance_at then
    locked := tollgate.advance_window(p_user_id, p_product, now_at);
  elsif now_at >= locked.refresh_at or tollgate.has_stale_counters(locked) then
    locked := tollgate.refresh_subscription(p_user_id, p_product, now_at);
  end if;
end;
$$;

comment on function tollgate.lock_subscription(text, text) is 'Locks a subscriptions row, brings it to the current window, and returns the time.';
