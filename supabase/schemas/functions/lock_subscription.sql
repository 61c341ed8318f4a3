-- Called by every function that counts, gives back or commits: the one way to the row.
-- Locks the user's row of the product (making it if need be), reads the clock under the lock, and turns the row to the
-- current window when its time has come, or lets go of reservations and overrides that have ended. How long a caller waits for the
-- lock is the calling function's lock_timeout; then it gets 55P03.
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

comment on function tollgate.lock_subscription(text, text) is 'Locks a subscriptions row, turned to the window of now, and says what time it is.';
