-- Called by a user's page in /admin: the basis of the user's limits and usage. Reads only; get_usage returns the current
-- state. The refunds of one charge are one note, with their total. Errors: TG404 no such user.
create or replace function tollgate.user_detail(p_user_id text, p_decisions integer) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_user tollgate.users;
begin
  select * into v_user from tollgate.users u where u.user_id = p_user_id;
  if not found then
    raise exception 'There is no such user.' using errcode = 'TG404', detail = 'userId', hint = 'user_not_found';
  end if;
  return jsonb_build_object(
    'user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name,
    'created_at', tollgate.instant_text(v_user.created_at),
    'decisions', coalesce((
      select jsonb_agg(tollgate.decision_row(d) order by d.decided_at desc, d.decision_id desc)
      from (
        select * from tollgate.decisions d where d.user_id = p_user_id
        order by d.decided_at desc, d.decision_id desc limit p_decisions) d), '[]'),
    'windows', coalesce((
      select jsonb_agg(jsonb_build_object(
        'product', w.product, 'source', w.source, 'opened_at', tollgate.instant_text(w.opened_at),
        'window_start', tollgate.instant_text(w.window_start), 'window_end', tollgate.instant_text(w.window_end),
        'transition_kind', w.transition_kind, 'reason', w.reason, 'opening', w.opening, 'credited', w.credited,
        'unpaid_held', w.unpaid_held) order by w.opened_at desc, w.product)
      from (
        select * from tollgate.usage_windows w
        where w.user_id = p_user_id and w.opening is not null
        order by w.opened_at desc limit p_decisions) w), '[]'),
    'periods', coalesce((
      select jsonb_agg(jsonb_build_object(
        'product', b.product, 'source', b.source, 'start', tollgate.instant_text(b.period_start),
        'end', tollgate.instant_text(b.period_end), 'plan', b.plan, 'interval', b.billing_interval,
        'trial', b.trial, 'paid', b.paid, 'paid_in_full', b.paid_in_full) order by b.period_start desc)
      from tollgate.billing_periods b where b.user_id = p_user_id), '[]'),
    'overrides', coalesce((
      select jsonb_agg(jsonb_build_object(
        'field', o.field, 'limit', o.limit_amount, 'expires_at', tollgate.instant_text(o.expires_at),
        'granted_by', o.granted_by, 'reason', o.reason, 'created_at', tollgate.instant_text(o.created_at))
        order by o.field)
      from tollgate.limit_overrides o where o.user_id = p_user_id), '[]'),
    'links', coalesce((
      select jsonb_agg(jsonb_build_object(
        'processor', l.processor, 'kind', l.kind, 'external_id', l.external_id, 'source', l.source)
        order by l.processor, l.kind, l.external_id)
      from tollgate.links l where l.user_id = p_user_id), '[]'),
    'notes', coalesce((
      select jsonb_agg(jsonb_build_object(
        'kind', n.kind, 'processor', n.processor, 'event_id', n.event_id, 'amount', n.amount, 'currency', n.currency,
        'detail', n.detail, 'at', tollgate.instant_text(n.occurred_at)) order by n.occurred_at desc)
      from (
        select k.kind, k.processor,
          (array_agg(k.event_id order by k.occurred_at desc, k.amount desc))[1] as event_id,
          -- A refund's note has the total of its charge so far at Stripe, and one refund's amount at Paddle.
          case when k.processor = 'stripe' then (array_agg(k.amount order by k.occurred_at desc, k.amount desc))[1]
            else sum(k.amount)::bigint end as amount,
          max(k.currency) as currency, max(k.detail) as detail, max(k.occurred_at) as occurred_at
        from tollgate.notes k where k.user_id = p_user_id
        group by k.kind, k.processor, case when k.kind = 'refund'
          then coalesce(k.transaction_id, substring(k.note_id from '^(stripe:.*:refund:)'), k.note_id)
          else k.note_id end) n), '[]'));
end;
$$;

comment on function tollgate.user_detail(text, integer) is 'Decisions, windows, periods, overrides, links and notes of a user.';
