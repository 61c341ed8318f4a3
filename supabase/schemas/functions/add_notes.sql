-- Called by receive() for an event that only says something: records its notes and concludes it, together. p_notes may be
-- empty (an event that only links).
create or replace function public.add_notes(p_user_id text, p_processor text, p_event_id text, p_notes jsonb)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  insert into public.notes
    (user_id, note_id, kind, processor, event_id, customer_id, amount, currency, detail, occurred_at)
  select p_user_id, n.id, n.kind, p_processor, p_event_id, n.customer, n.amount, n.currency, n.detail, n.at
  from jsonb_to_recordset(p_notes) as n (
    id text, kind text, customer text, amount bigint, currency text, detail text, at timestamptz)
  on conflict (note_id) do nothing;
  update public.webhook_events e set user_id = p_user_id
  where e.processor = p_processor and e.id = p_event_id;
  return public.conclude_webhook_event(
    p_processor, p_event_id, 'applied', case when p_notes = '[]' then 'linked' else 'noted' end);
end;
$$;

comment on function public.add_notes(text, text, text, jsonb) is 'Records what changes no entitlement and must be seen.';
revoke all on function public.add_notes(text, text, text, jsonb) from public, anon, authenticated;
grant execute on function public.add_notes(text, text, text, jsonb) to service_role;
