-- Called by the sandbox's deliverer after each attempt. If p_again is null, the endpoint accepted the event (2xx). Else
-- it is the time until the next attempt. A true p_last ends the account's lease.
create or replace function tollgate.sandbox_finish_event(
  p_processor text,
  p_event_id text,
  p_status integer,
  p_again interval,
  p_last boolean
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_account_id text;
begin
  update tollgate.sandbox_events e
  set attempts = e.attempts + 1,
    last_status = p_status,
    delivered_at = case when p_again is null then clock_timestamp() end,
    next_attempt_at = clock_timestamp() + coalesce(p_again, interval '0')
  where e.processor = p_processor and e.event_id = p_event_id
  returning e.account_id into v_account_id;
  update tollgate.sandbox_accounts a
  set delivering_until = case when p_last then '-infinity' else clock_timestamp() + interval '15 seconds' end
  where a.processor = p_processor and a.account_id = v_account_id;
  return jsonb_build_object('delivered', p_again is null);
end;
$$;

comment on function tollgate.sandbox_finish_event(text, text, integer, interval, boolean) is 'Stores an attempt to deliver a sandbox event.';
