-- Called by erase_account: entries about the user keep action, time and actor, under the pseudonym of the ledger.
-- Processors' ids and free text are removed from the details.
create or replace function tollgate.pseudonymize_audit_entries(p_user_id text, p_pseudonym text) returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('tollgate.audit', 'pseudonymize', true);
  update tollgate.audit_entries a
  set user_id = p_pseudonym,
    details = (
      select coalesce(jsonb_object_agg(d.key, d.value), '{}')
      from jsonb_each(a.details) as d (key, value)
      where d.key = any (array['field', 'limit', 'expiresAt', 'processor', 'scenario', 'dryRun', 'repair', 'events',
        'counted', 'actual', 'drift', 'refused', 'product', 'plan', 'interval']))
  where a.user_id = p_user_id;
  -- A subscription that was moved away from the user.
  update tollgate.audit_entries a set details = a.details - 'from'
  where a.act = 'subscription.moved' and a.details ->> 'from' = p_user_id;
  -- The person for whom a service sold to another user.
  update tollgate.audit_entries a set details = a.details - 'actorId' where a.details ->> 'actorId' = p_user_id;
  perform set_config('tollgate.audit', '', true);
end;
$$;

comment on function tollgate.pseudonymize_audit_entries(text, text) is 'Removes an erased user from the audit log and keeps the entries.';
