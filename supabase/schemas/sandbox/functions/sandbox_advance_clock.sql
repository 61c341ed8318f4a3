-- Called by the sandbox while it advances a user's clock in steps: sets it to p_to, unless it is later already. So two
-- concurrent runs never set it back. Locks: the users row, if there is one, then the
-- counters.
create or replace function tollgate.sandbox_advance_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  -- From the same millisecond to which now_for adds it: the clock is never before p_to.
  v_shift interval := p_to - date_trunc('milliseconds', clock_timestamp());
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  insert into tollgate.sandbox_clocks as c (user_id, shift)
  values (p_user_id, greatest(interval '0', v_shift))
  on conflict (user_id) do update set shift = greatest(c.shift, v_shift);
  -- In the order of lock_subscription.
  perform from tollgate.usage_counters c where c.user_id = p_user_id order by c.field for update;
  update tollgate.usage_counters c set clock_ahead = coalesce(tollgate.clock_shift(p_user_id), interval '0')
  where c.user_id = p_user_id;
  return jsonb_build_object('now', tollgate.instant_text(tollgate.now_for(p_user_id)));
end;
$$;

comment on function tollgate.sandbox_advance_clock(text, timestamptz) is 'Moves a sandbox user''s clock forward.';
