-- Replaces the document's query for suspicious resets, which is not valid SQL (a window function in WHERE).
create view tollgate.usage_resets with (security_invoker = true) as
select
  d.user_id,
  u.email,
  d.product,
  d.decided_at,
  d.action,
  d.reason,
  d.event_id,
  used.field,
  (used.value)::bigint as previously_used,
  (d.after -> 'usage' ->> used.field)::bigint as used
from tollgate.decisions d
join tollgate.users u on u.user_id = d.user_id
cross join lateral jsonb_each_text(d.before -> 'usage') as used (field, value)
where (d.after -> 'usage' ->> used.field)::bigint < (used.value)::bigint;
comment on view tollgate.usage_resets is 'Every counter that a billing event lowered, with the decision''s reason.';

insert into tollgate.table_rights (table_name, app, users) values
  ('usage_resets', null, 'own');
