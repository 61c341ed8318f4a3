-- Called by the operator, if the audit log has a retention: deletes entries older than p_days, at least a year. Errors:
-- TG400 fewer days.
create or replace function tollgate.cleanup_audit_entries(p_days integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_deleted integer;
begin
  if p_days is null or p_days < 365 then
    raise exception 'Entries of the audit log are kept for 365 days at least.' using errcode = 'TG400', detail = 'days';
  end if;
  perform set_config('tollgate.audit', 'retention', true);
  delete from tollgate.audit_entries a where a.done_at < now() - interval '1 day' * p_days;
  get diagnostics v_deleted = row_count;
  perform set_config('tollgate.audit', '', true);
  return jsonb_build_object('deleted', v_deleted);
end;
$$;

comment on function tollgate.cleanup_audit_entries(integer) is 'Deletes entries of the audit log that are older than a number of days.';
