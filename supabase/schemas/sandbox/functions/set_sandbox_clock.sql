-- Called by the demo data and the sandbox's clock. Sets this user's time to p_to (null: the real time). The row's window
-- changes when the row is next used.
-- Locks: the users row, if there is one, then the counters.
create or replace function tollgate.set_sandbox_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  delete from tollgate.sandbox_clocks c where c.user_id = p_user_id;
  if p_to is not null then
    insert into tollgate.sandbox_clocks (user_id, shift)
    -- From the same floored instant as now_for: the clock is never before p_to.
    values (p_user_id, p_to - date_trunc('milliseconds', clock_timestamp()));
  end if;
  -- In the order of lock_subscription.
  perform from tollgate.usage_counters c where c.user_id = p_user_id order by c.field for update;
  update tollgate.usage_counters c set clock_ahead = coalesce(tollgate.clock_shift(p_user_id), interval '0')
  where c.user_id = p_user_id;
  return jsonb_build_object('now', tollgate.instant_text(tollgate.now_for(p_user_id)));
end;
$$;

comment on function tollgate.set_sandbox_clock(text, timestamptz) is 'Sets a sandbox user''s clock.';
