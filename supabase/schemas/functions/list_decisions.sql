-- Called by the billing page: the user's decisions, newest first. Those without a visible change are left out; the admin's
-- list has them.
create or replace function tollgate.list_decisions(p_user_id text, p_limit integer default 5) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', d.decision_id, 'product', d.product, 'at', tollgate.instant_text(d.decided_at), 'action', d.action,
    'reason', d.reason, 'event_type', d.event_type,
    'before', d.before, 'after', d.after) order by d.decided_at desc, d.decision_id desc), '[]')
  from (
    select * from tollgate.decisions d
    where d.user_id = p_user_id
      and (d.reason <> 'No billing change'
        or (d.before ->> 'plan', d.before ->> 'status', d.before ->> 'cancel_at')
          is distinct from (d.after ->> 'plan', d.after ->> 'status', d.after ->> 'cancel_at'))
    order by d.decided_at desc, d.decision_id desc
    limit p_limit
  ) d;
$$;

comment on function tollgate.list_decisions(text, integer) is 'A user''s latest decisions.';
