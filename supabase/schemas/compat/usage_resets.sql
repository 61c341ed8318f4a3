-- Replaces the second document's query for suspicious resets, which is not valid SQL.
do $compat$
begin
  if to_regclass('public.usage_resets') is not null then
    raise warning 'public.usage_resets exists and stays as it is; Tollgate''s own is tollgate.usage_resets.';
    return;
  end if;
  create view public.usage_resets with (security_invoker = true) as
  select r.user_id, r.email, r.product, r.decided_at, r.action, r.reason, r.event_id, r.field, r.previously_used, r.used
  from tollgate.usage_resets r;
  comment on view public.usage_resets is 'Counters that a billing event lowered; a view of tollgate.usage_resets.';
  revoke all on public.usage_resets from public;
  perform tollgate.change_grants('revoke all on public.usage_resets from', array['anon', 'authenticated', 'service_role']);
  perform tollgate.change_grants('grant select on public.usage_resets to', array['service_role', 'authenticated']);
end
$compat$;
