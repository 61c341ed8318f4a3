-- Called by the sandbox's deliverer. Takes one account (p_account_id, or any) and returns its due events in the order
-- of emission. The lease lasts 15 seconds, longer than one delivery may take; each finished event renews it. Another
-- deliverer skips the account until the lease ends, so a killed deliverer loses nothing.
-- Returns null if no event is due. Returns {"busy": true} if events are due, but another transaction locks their
-- account's row. The caller then claims again, since the holder of the lock does not deliver them.
-- Locks: the account's row, without waiting.
create or replace function tollgate.sandbox_claim_events(
  p_limit integer,
  p_processor text default null,
  p_account_id text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_account tollgate.sandbox_accounts;
  v_events jsonb;
begin
  loop
    select a.* into v_account
    from tollgate.sandbox_accounts a
    where a.delivering_until <= clock_timestamp()
      and (p_account_id is null or (a.processor = p_processor and a.account_id = p_account_id))
      and exists (
        select from tollgate.sandbox_events e
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
      select * from tollgate.sandbox_events e
      where e.processor = v_account.processor and e.account_id = v_account.account_id
        and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()
      order by e.sequence
      limit p_limit) e;
    continue when v_events is null;

    update tollgate.sandbox_accounts a set delivering_until = clock_timestamp() + interval '15 seconds'
    where a.processor = v_account.processor and a.account_id = v_account.account_id;
    return jsonb_build_object('processor', v_account.processor, 'account_id', v_account.account_id, 'events', v_events);
  end loop;

  if exists (
    select from tollgate.sandbox_accounts a
    join tollgate.sandbox_events e on e.processor = a.processor and e.account_id = a.account_id
    where a.delivering_until <= clock_timestamp()
      and (p_account_id is null or (a.processor = p_processor and a.account_id = p_account_id))
      and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()) then
    return jsonb_build_object('busy', true);
  end if;
  return null;
end;
$$;

comment on function tollgate.sandbox_claim_events(integer, text, text) is 'Takes one account''s events for delivery.';
