-- Attempts are counted under several limits together; a refused attempt writes nothing; failures alone count.

-- Called before a sign-in with a password, and by count_attempt. Counts one attempt under several limits together:
--   p_limits [{"scope", "key", "attempts", "seconds"}, …]: at most "attempts" in "seconds" for each scope and key.
-- Answers {allowed, retry_after, counted: [{scope, key, resets_at}, …]}; return_attempts takes "counted". If one limit is
-- reached, the attempt is refused, nothing is written and no lock is taken, so a refused flood costs one read per request.
-- Atomic: every limit counts the attempt, or none does. Locks: the rows of the keys, in the order of p_limits, which must be
-- the same for all callers. Attempts at once are counted one by one.
create or replace function public.count_attempts(p_limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_limit record;
  v_row public.rate_limits;
  v_wait integer;
  v_counted jsonb := '[]';
begin
  select max(least(l.seconds, ceil(extract(epoch from r.resets_at - v_now)))) into v_wait
  from jsonb_to_recordset(p_limits) as l (scope text, key text, attempts integer, seconds integer)
  join public.rate_limits r on r.scope = l.scope and r.key = l.key
  where r.hits >= l.attempts and r.resets_at > v_now;
  if v_wait is not null then
    return jsonb_build_object('allowed', false, 'retry_after', v_wait, 'counted', '[]'::jsonb);
  end if;
  -- Its own block: another attempt may take the last place of a limit meanwhile, and the counts before it are undone.
  begin
    for v_limit in
      select l.* from rows from (jsonb_to_recordset(p_limits) as (
        scope text, key text, attempts integer, seconds integer))
        with ordinality as l (scope, key, attempts, seconds, place)
      order by l.place
    loop
      insert into public.rate_limits as r (scope, key, resets_at, hits)
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

comment on function public.count_attempts(jsonb) is 'Counts an attempt under several limits, or refuses it and counts nothing.';
revoke all on function public.count_attempts(jsonb) from public, anon, authenticated;
grant execute on function public.count_attempts(jsonb) to service_role;

-- Called after an attempt that did not fail: takes back what count_attempts counted ("counted" of its answer). A window that
-- ended meanwhile stays as it is, since the attempt was not counted in its successor.
-- Atomic. Locks: the rows of the keys, in the order in which they were counted.
create or replace function public.return_attempts(p_counted jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_counted record;
  v_returned integer := 0;
begin
  for v_counted in
    select c.* from rows from (jsonb_to_recordset(p_counted) as (scope text, key text, resets_at timestamptz))
      with ordinality as c (scope, key, resets_at, place)
    order by c.place
  loop
    update public.rate_limits r set hits = r.hits - 1
    where r.scope = v_counted.scope and r.key = v_counted.key and r.resets_at = v_counted.resets_at and r.hits > 0;
    if found then
      v_returned := v_returned + 1;
    end if;
  end loop;
  return jsonb_build_object('returned', v_returned);
end;
$$;

comment on function public.return_attempts(jsonb) is 'Takes back attempts that did not fail.';
revoke all on function public.return_attempts(jsonb) from public, anon, authenticated;
grant execute on function public.return_attempts(jsonb) to service_role;

-- Called before a checkout and a new account. Counts one attempt: at most p_limit in p_seconds for the scope and key.
-- Answers {allowed, retry_after}. Atomicity and locks: as count_attempts.
create or replace function public.count_attempt(p_scope text, p_key text, p_limit integer, p_seconds integer)
returns jsonb
language sql set search_path = '' set lock_timeout = '1s'
as $$
  select public.count_attempts(jsonb_build_array(jsonb_build_object(
    'scope', p_scope, 'key', p_key, 'attempts', p_limit, 'seconds', p_seconds))) - 'counted';
$$;

comment on function public.count_attempt(text, text, integer, integer) is 'Counts an attempt, or refuses it and counts nothing.';
revoke all on function public.count_attempt(text, text, integer, integer) from public, anon, authenticated;
grant execute on function public.count_attempt(text, text, integer, integer) to service_role;

-- For the cleanup job, which removes counters of windows that have ended.
create index rate_limits_resets_at on public.rate_limits (resets_at);

-- Called by the cleanup job: removes counters of attempts whose window has ended. At most p_rows per call, so that no call
-- holds its locks for long; "more" means that there may be others. Counters that another transaction holds stay.
create or replace function public.cleanup_rate_limits(p_rows integer default 5000) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_deleted bigint;
begin
  delete from public.rate_limits r
  where (r.scope, r.key) in (
    select o.scope, o.key
    from public.rate_limits o
    where o.resets_at < now()
    order by o.resets_at
    limit p_rows
    for update skip locked);
  get diagnostics v_deleted = row_count;
  return jsonb_build_object('deleted', v_deleted, 'more', v_deleted >= p_rows);
end;
$$;

comment on function public.cleanup_rate_limits(integer) is 'Removes counters of attempts whose window has ended.';
revoke all on function public.cleanup_rate_limits(integer) from public, anon, authenticated;
grant execute on function public.cleanup_rate_limits(integer) to service_role;
