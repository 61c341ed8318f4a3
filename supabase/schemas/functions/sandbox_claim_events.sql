-- Called by the sandbox's deliverer: one account (p_account_id, or any) and its events that are due, in the order in which
-- they were emitted; null where there is nothing to do. The account is taken for a quarter of a minute, longer than one
-- delivery may take, which each concluded event renews: another deliverer leaves it alone, and one that was killed is
-- followed.
create or replace function public.sandbox_claim_events(
  p_limit integer,
  p_processor text default null,
  p_account_id text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_account public.sandbox_accounts;
begin
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
  if not found then
    return null;
  end if;
  update public.sandbox_accounts a set delivering_until = clock_timestamp() + interval '15 seconds'
  where a.processor = v_account.processor and a.account_id = v_account.account_id;
  return jsonb_build_object(
    'processor', v_account.processor,
    'account_id', v_account.account_id,
    'events', (
      select jsonb_agg(jsonb_build_object(
        'id', e.event_id, 'type', e.event_type, 'raw', encode(e.raw, 'hex'), 'attempts', e.attempts) order by e.sequence)
      from (
        select * from public.sandbox_events e
        where e.processor = v_account.processor and e.account_id = v_account.account_id
          and e.delivered_at is null and e.next_attempt_at <= clock_timestamp()
        order by e.sequence
        limit p_limit) e));
end;
$$;

comment on function public.sandbox_claim_events(integer, text, text) is 'Takes one accounts events for delivery.';
revoke all on function public.sandbox_claim_events(integer, text, text) from public, anon, authenticated;
grant execute on function public.sandbox_claim_events(integer, text, text) to service_role;
