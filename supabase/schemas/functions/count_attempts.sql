-- Called before a sign-in with a password, and by count_attempt. Counts one attempt under several limits together:
--   p_limits [{"scope", "key", "attempts", "seconds"}, …]: at most "attempts" in "seconds" for each scope and key.
-- Returns {allowed, retry_after, counted: [{scope, key, resets_at}, …]}; return_attempts takes "counted". If one limit is
-- reached, nothing is written and no lock is taken, so a refused flood costs one read per request.
-- Atomic: every limit counts the attempt, or none does. Concurrent attempts are counted one by one. Locks: the rows of the
-- keys in the order of p_limits, which must be the same for all callers.
create or replace function tollgate.count_attempts(p_limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_limit record;
  v_row tollgate.rate_limits;
  v_wait integer;
  v_counted jsonb := '[]';
begin
  select max(least(l.seconds, ceil(extract(epoch from r.resets_at - v_now)))) into v_wait
  from jsonb_to_recordset(p_limits) as l (scope text, key text, attempts integer, seconds integer)
  join tollgate.rate_limits r on r.scope = l.scope and r.key = l.key
  where r.hits >= l.attempts and r.resets_at > v_now;
  if v_wait is not null then
    return jsonb_build_object('allowed', false, 'retry_after', v_wait, 'counted', '[]'::jsonb);
  end if;
  -- Its own block: if another attempt reaches a limit meanwhile, the counts before it are undone.
  begin
    for v_limit in
      select l.* from rows from (jsonb_to_recordset(p_limits) as (
        scope text, key text, attempts integer, seconds integer))
        with ordinality as l (scope, key, attempts, seconds, place)
      order by l.place
    loop
      insert into tollgate.rate_limits as r (scope, key, resets_at, hits)
      values (v_limit.scope, v_limit.key, v_now + make_interval(secs => v_limit.seconds), 1)
      on conflict (scope, key) do update
      set hits = case when r.resets_at <= v_now then 1 else r.hits + 1 end,
        resets_at = case when r.resets_at <= v_now then excluded.resets_at else r.resets_at end
      where r.resets_at <= v_now or r.hits < v_limit.attempts
      returning * into v_row;
      if not found then
        raise exception 'The limit is reached.' using errcode = 'TG429';
      end if;
      v_counted := v_counted || jsonb_build_object('scope', v_row.scope, 'key', v_row.key, 'resets_at', v_row.resets_at);
      v_wait := greatest(v_wait, least(v_limit.seconds, ceil(extract(epoch from v_row.resets_at - v_now))));
    end loop;
  exception when sqlstate 'TG429' then
    return jsonb_build_object('allowed', false, 'retry_after', v_limit.seconds, 'counted', '[]'::jsonb);
  end;
  return jsonb_build_object('allowed', true, 'retry_after', v_wait, 'counted', v_counted);
end;
$$;

comment on function tollgate.count_attempts(jsonb) is 'Counts an attempt under several limits, or refuses it and counts nothing.';
