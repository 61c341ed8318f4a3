-- pg_stat_statements keeps the time of every statement; the statement for slow queries in docs/documents.md reads it. It
-- lives in the schema extensions, as on Supabase. Nothing else needs it, so a server without it, or a role that may not
-- create it, gets a notice.
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_stat_statements')
    or not exists (select from pg_catalog.pg_available_extensions where name = 'pg_stat_statements') then
    return;
  end if;
  create schema if not exists extensions;
  create extension pg_stat_statements with schema extensions;
exception
  when others then
    raise notice 'pg_stat_statements was not created: %', sqlerrm;
end
$$;

-- Called by the sandbox's deliverer: takes one account (p_account_id, or any) and answers its due events in the order in
-- which they were emitted. The lease lasts 15 seconds, longer than one delivery may take; each concluded event renews it.
-- Another deliverer skips the account until the lease ends, so a killed deliverer loses nothing.
-- null: no event is due. {"busy": true}: events are due, but another transaction locks their account's row. The caller
-- then claims again: the lock's holder does not deliver them.
-- Locks: the account's row, without waiting.
create or replace function public.sandbox_claim_events(
  p_limit integer,
  p_processor text default null,
  p_account_id text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_account public.sandbox_accounts;
  v_events jsonb;
begin
  loop
    select a.* into v_account
    from public.sandbox_accounts a
    where a.delivering_until <= clock_timestamp()
      and (p_account_id is null or (a.processor = p_processor and a.account_id = p_account_id))
      and exists (
        select from public.sandbox_events e
        where e.processor = a.processor and e.account_id = a.account_id
          and e.delivered_at is null and e.next_attempt_at <= clock_timestamp())
    limit 1
    for update of a skip locked;
    exit when not found;

    -- Read under the lock: another deliverer may have delivered them since the statement above began.
    select jsonb_agg(jsonb_build_object(
      'id', e.event_id, 'type', e.event_type, 'raw', encode(e.raw, 'hex'), 'attempts', e.attempts) order by e.sequence)
    into v_events
    from (
      select * from public.sandbox_events e
      where e.processor = v_account.processor and e.account_id = v_account.account_id
        and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()
      order by e.sequence
      limit p_limit) e;
    continue when v_events is null;

    update public.sandbox_accounts a set delivering_until = clock_timestamp() + interval '15 seconds'
    where a.processor = v_account.processor and a.account_id = v_account.account_id;
    return jsonb_build_object('processor', v_account.processor, 'account_id', v_account.account_id, 'events', v_events);
  end loop;

  if exists (
    select from public.sandbox_accounts a
    join public.sandbox_events e on e.processor = a.processor and e.account_id = a.account_id
    where a.delivering_until <= clock_timestamp()
      and (p_account_id is null or (a.processor = p_processor and a.account_id = p_account_id))
      and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()) then
    return jsonb_build_object('busy', true);
  end if;
  return null;
end;
$$;

comment on function public.sandbox_claim_events(integer, text, text) is 'Takes one accounts events for delivery.';
revoke all on function public.sandbox_claim_events(integer, text, text) from public, anon, authenticated;
grant execute on function public.sandbox_claim_events(integer, text, text) to service_role;

-- Called after a request is answered, for its user: stores the e-mail and the name that the identity provider knows.
-- A request that was answered before an erasure may come here after it: for a minute after an erasure it stores nothing
-- and answers null. Errors: as ensure_user.
create or replace function public.remember_profile(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user jsonb;
begin
  if not exists (select from public.users u where u.user_id = p_user_id) then
    -- A statement of its own, after the one above: it sees the tombstone of an erasure that has just removed the row.
    if exists (
      select from public.erased_accounts e
      where e.user_hash = public.user_hash(p_user_id) and e.erased_at > clock_timestamp() - interval '1 minute'
    ) then
      return null;
    end if;
  end if;
  v_user := public.ensure_user(p_user_id, p_email, p_name);
  -- No user: the row was erased while this waited for it.
  return case when v_user ->> 'user_id' is not null then v_user end;
end;
$$;

comment on function public.remember_profile(text, text, text) is 'Stores what is known of a user, unless the account was just erased.';
revoke all on function public.remember_profile(text, text, text) from public, anon, authenticated;
grant execute on function public.remember_profile(text, text, text) to service_role;
