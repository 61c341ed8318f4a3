-- The name that the first document's monitoring queries read.
do $compat$
begin
  if to_regclass('public.subscriptions') is not null then
    raise warning 'public.subscriptions exists and stays as it is; Tollgate''s own is tollgate.subscriptions.';
    return;
  end if;
  create view public.subscriptions with (security_invoker = true) as
  select s.user_id, s.product, s.plan, s.status, s.processor, s.usage, s.limits, s.current_period_start,
    s.current_period_end, s.cancel_at, s.created_at, s.updated_at
  from tollgate.subscriptions s;
  comment on view public.subscriptions is 'Plan and usage by user and product; a view of tollgate.subscriptions.';
  revoke all on public.subscriptions from public;
  perform tollgate.change_grants('revoke all on public.subscriptions from', array['anon', 'authenticated', 'service_role']);
  perform tollgate.change_grants('grant select on public.subscriptions to', array['service_role', 'authenticated']);
end
$compat$;
