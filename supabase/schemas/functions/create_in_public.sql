-- Called by supabase/schemas/compat: creates a view or a function in public by p_definition, and lets only p_roles read or
-- call it. Roles that the server lacks are left out. An existing object of that name stays, with a warning that names ours,
-- p_own.
create or replace function tollgate.create_in_public(
  p_kind text,
  p_name text,
  p_own text,
  p_roles text[],
  p_definition text
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_view boolean := p_kind = 'view';
  v_object text := format(case when v_view then 'table public.%I' else 'function public.%I' end, p_name);
  v_right text := case when v_view then 'select' else 'execute' end;
  v_role text;
begin
  if v_view and to_regclass(format('public.%I', p_name)) is not null
    or not v_view and exists (
      select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = p_name
    ) then
    raise warning 'public.% exists and stays as it is; Tollgate''s own is %.', p_name, p_own;
    return;
  end if;
  execute p_definition;
  execute format('revoke all on %s from public', v_object);
  for v_role in
    select r.rolname from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated', 'service_role')
  loop
    execute format('revoke all on %s from %I', v_object, v_role);
    continue when not v_role = any (p_roles);
    execute format('grant %s on %s to %I', v_right, v_object, v_role);
  end loop;
end;
$$;

comment on function tollgate.create_in_public(text, text, text, text[], text) is 'Creates a view or a function in public, unless its name is taken.';
