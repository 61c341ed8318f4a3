-- Called by GET /api/account/export: all data of one user except the ledger, which export_ledger pages. Internal data (raw
-- events, hashes) and data of other users are left out.
create or replace function tollgate.export_account(p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_export jsonb;
begin
  v_export := jsonb_build_object(
    'profile', (
      select to_jsonb(u) from tollgate.users u where u.user_id = p_user_id),
    'subscriptions', (
      select coalesce(jsonb_agg(to_jsonb(s) - 'revision' || to_jsonb(c) order by s.product), '[]')
      from tollgate.subscriptions s
      cross join lateral (
        select jsonb_object_agg(u.field, u.used) as usage, jsonb_object_agg(u.field, u.reserved) as reserved,
          jsonb_object_agg(u.field, u.unpaid_held) as unpaid_held, jsonb_object_agg(u.field, u.limit_amount) as limits
        from tollgate.usage_counters u
        where u.user_id = s.user_id and u.product = s.product
      ) c
      where s.user_id = p_user_id),
    'usage_by_hour', (
      select coalesce(jsonb_agg(jsonb_build_object('field', h.field, 'hour', h.hour, 'amount', h.amount)
        order by h.field, h.hour), '[]')
      from tollgate.usage_hours h where h.user_id = p_user_id),
    'processor_subscriptions', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.product, m.source), '[]')
      from tollgate.subscription_records m where m.user_id = p_user_id),
    'billing_periods', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.product, b.period_start), '[]')
      from tollgate.billing_periods b where b.user_id = p_user_id),
    'decisions', (
      select coalesce(jsonb_agg(to_jsonb(d) order by d.decision_id), '[]')
      from tollgate.decisions d where d.user_id = p_user_id),
    'processor_ids', (
      select coalesce(jsonb_agg(to_jsonb(l) order by l.processor, l.kind, l.external_id), '[]')
      from tollgate.links l where l.user_id = p_user_id),
    'refunds_and_disputes', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.occurred_at, n.note_id), '[]')
      from tollgate.notes n where n.user_id = p_user_id),
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object('processor', e.processor, 'id', e.id, 'type', e.event_type,
        'received_at', e.created_at, 'payload', e.payload) order by e.created_at, e.id), '[]')
      from tollgate.webhook_events e where e.user_id = p_user_id),
    'reservations', (
      select coalesce(jsonb_agg(to_jsonb(r) order by r.at), '[]')
      from tollgate.reservations r where r.user_id = p_user_id),
    'limits_of_their_own', (
      select coalesce(jsonb_agg(to_jsonb(o) order by o.field), '[]')
      from tollgate.limit_overrides o where o.user_id = p_user_id),
    'checkouts', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.checkout_id), '[]')
      from tollgate.checkouts c where c.user_id = p_user_id),
    'notices', (
      select coalesce(jsonb_agg(to_jsonb(n) order by n.notice_id), '[]')
      from tollgate.notices n where n.user_id = p_user_id));
  return v_export || tollgate.counted_rows(p_user_id);
end;
$$;

comment on function tollgate.export_account(text) is 'All data of a user except the ledger.';
