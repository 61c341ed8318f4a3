-- Called by every function that counts, gives back or commits: the only way to the row. Locks the user's row of the product
-- (and creates it if needed) and reads the clock under the lock. If its time has come, sets the row to the current window,
-- or ends expired reservations and overrides. The calling function's lock_timeout limits the wait; then it gets 55P03.
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
  now_at := greatest(tollgate.now_for(p_user_id), locked.as_of);
  if now_at >= locked.advance_at then
    locked := tollgate.advance_window(p_user_id, p_product, now_at);
  elsif now_at >= locked.refresh_at then
    locked := tollgate.refresh_subscription(p_user_id, p_product, now_at);
  end if;
end;
$$;

comment on function tollgate.lock_subscription(text, text) is 'Locks a subscriptions row, brings it to the current window, and returns the time.';
