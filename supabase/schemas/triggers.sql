-- Triggers, after the functions that they call.
create trigger audit_entries_unchanged before update or delete on tollgate.audit_entries
  for each row execute function tollgate.refuse_audit_changes();
create trigger audit_entries_not_truncated before truncate on tollgate.audit_entries
  for each statement execute function tollgate.refuse_audit_changes();
