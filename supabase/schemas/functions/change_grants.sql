-- Called by supabase/schemas/compat for objects outside our schema: runs a GRANT or REVOKE, which ends before the role's
-- name, for those of the roles that the server has.
create or replace function tollgate.change_grants(p_statement text, p_roles text[]) returns void
language plpgsql set search_path = ''
as $$
declare
  v_role text;
begin
  for v_role in select r.rolname from pg_catalog.pg_roles r where r.rolname = any (p_roles) loop
    execute p_statement || ' ' || quote_ident(v_role);
  end loop;
end;
$$;

comment on function tollgate.change_grants(text, text[]) is 'Runs a GRANT or REVOKE for existing roles.';
