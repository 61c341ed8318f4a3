-- Called by the demo data and the sandbox's clock. From now on it is p_to for this user (null: the real time again). The
-- row turns by itself when it is next touched. Never called in production: the gateway's callers are sandbox only.
-- Locks: the users row, if there is one.
create or replace function tollgate.set_sandbox_clock(p_user_id text, p_to timestamptz) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  delete from tollgate.sandbox_clocks c where c.user_id = p_user_id;
  if p_to is not null then
    insert into tollgate.sandbox_clocks (user_id, shift)
    -- From the same floored instant as now_for: it is p_to from this very call on, never a millisecond before.
    values (p_user_id, p_to - date_trunc('milliseconds', clock_timestamp()));
  end if;
  return jsonb_build_object('now', tollgate.instant_text(tollgate.now_for(p_user_id)));
end;
$$;

comment on function tollgate.set_sandbox_clock(text, timestamptz) is 'Moves a sandbox users clock.';
