-- Called before a checkout and a sign-in with a password. Counts one attempt and says whether it is one too many: at most
-- p_limit in p_seconds. Atomic: the upsert locks the key's row, so that attempts at once are counted one by one.
create or replace function public.count_attempt(p_scope text, p_key text, p_limit integer, p_seconds integer)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_row public.rate_limits;
begin
  insert into public.rate_limits as r (scope, key, resets_at, hits)
  values (p_scope, p_key, v_now + make_interval(secs => p_seconds), 1)
  on conflict (scope, key) do update
  set hits = case when r.resets_at <= v_now then 1 else r.hits + 1 end,
    resets_at = case when r.resets_at <= v_now then excluded.resets_at else r.resets_at end
  returning * into v_row;
  -- Now and then, so that keys that never come back do not stay.
  if v_row.hits = 1 and random() < 0.01 then
    delete from public.rate_limits r where r.resets_at < v_now - interval '1 hour';
  end if;
  return jsonb_build_object(
    'allowed', v_row.hits <= p_limit,
    -- Whoever waited for the row read the clock before the one who opened the window.
    'retry_after', least(p_seconds, ceil(extract(epoch from v_row.resets_at - v_now))));
end;
$$;

comment on function public.count_attempt(text, text, integer, integer) is 'Counts an attempt and says whether it is one too many.';
revoke all on function public.count_attempt(text, text, integer, integer) from public, anon, authenticated;
grant execute on function public.count_attempt(text, text, integer, integer) to service_role;
