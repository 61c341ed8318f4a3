-- Replaces the second document's query for suspicious resets, which is not valid SQL.
select tollgate.create_in_public('view', 'usage_resets', 'tollgate.usage_resets', array['service_role', 'authenticated'], $compat$
  create view public.usage_resets with (security_invoker = true) as
  select r.user_id, r.email, r.product, r.decided_at, r.action, r.reason, r.event_id, r.field, r.previously_used, r.used
  from tollgate.usage_resets r;
  comment on view public.usage_resets is 'Counters that a billing event lowered; a view of tollgate.usage_resets.';
$compat$);
