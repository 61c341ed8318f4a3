-- Called by the triggers of audit_entries: an entry is neither changed nor deleted. Two functions are exempt, which the
-- setting tollgate.audit names while they run. cleanup_audit_entries deletes old entries, and pseudonymize_audit_entries
-- changes the user and removes details. Errors: 42501.
create or replace function tollgate.refuse_audit_changes() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'DELETE' and current_setting('tollgate.audit', true) = 'retention' then
    return old;
  elsif tg_op = 'UPDATE' and current_setting('tollgate.audit', true) = 'pseudonymize' then
    if (new.entry_id, new.actor, new.act, new.done_at) = (old.entry_id, old.actor, old.act, old.done_at)
      and (new.user_id is not distinct from old.user_id or (old.user_id is not null and new.user_id ~ '^erased_'))
      and old.details @> new.details then
      return new;
    end if;
  end if;
  raise exception 'Entries of the audit log are kept as they are.' using errcode = '42501';
end;
$$;

comment on function tollgate.refuse_audit_changes() is 'Refuses changes of the audit log.';
