-- Called before a row is used without its lock: whether its window and its limits are still current.
create or replace function tollgate.is_current(p_row tollgate.subscriptions) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  return greatest(tollgate.now_for(p_row.user_id), p_row.as_of) < least(p_row.advance_at, p_row.refresh_at);
end;
$$;

comment on function tollgate.is_current(tollgate.subscriptions) is 'Whether a subscriptions row is current as it is.';
