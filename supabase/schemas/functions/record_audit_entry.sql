-- Called by every admin route and page action after the action, also a refused one: actor, action and result.
create or replace function tollgate.record_audit_entry(p_actor text, p_act text, p_user_id text, p_details jsonb)
returns jsonb
language sql set search_path = ''
as $$
  insert into tollgate.audit_entries as a (actor, act, user_id, details, done_at)
  values (p_actor, p_act, p_user_id, p_details, date_trunc('milliseconds', clock_timestamp()))
  returning jsonb_build_object('id', a.entry_id, 'at', tollgate.instant_text(a.done_at));
$$;

comment on function tollgate.record_audit_entry(text, text, text, jsonb) is 'Adds an entry to the audit log.';
