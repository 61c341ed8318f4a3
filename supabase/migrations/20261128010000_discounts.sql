-- Discounts of subscriptions, and the refunds and disputes that the reconciliation finds at the processors.

alter table public.facts
  drop constraint facts_kind_check,
  add constraint facts_kind_check check (kind in ('snapshot', 'payment', 'schedule', 'transfer', 'discount'));

-- What reduces its charges: [{id, name, code, off, ends_at}]. Shown only.
alter table public.mirrors add column discounts jsonb not null default '[]';

-- Stripe's notes were named by their events. Named by the charge or the dispute, the fetched object is known to be the same.
-- A charge's repeated event would give an id twice: the first keeps it.
with named as (
  select n.note_id, e.payload #>> '{data,object,id}' as object, n.kind, n.amount,
    row_number() over (
      partition by e.payload #>> '{data,object,id}', n.kind, case when n.kind = 'refund' then n.amount end
      order by n.created_at, n.note_id) as place
  from public.notes n
  join public.webhook_events e on e.processor = n.processor and e.id = n.event_id
  where n.processor = 'stripe' and n.kind in ('refund', 'dispute_opened', 'dispute_closed')
)
update public.notes n
set note_id = format('stripe:%s:%s', named.object, named.kind)
  || case when named.kind = 'refund' then ':' || coalesce(named.amount::text, 'null') else '' end
from named
where n.note_id = named.note_id and named.place = 1 and named.object is not null;

-- Called by commit_timeline, under the row's lock. Writes the fold's mirrors, periods, segments and windows in the place
-- of the old. Windows that opened before the first difference keep what was computed for them; the rest is computed again.
create or replace function public.replace_timeline(p_user_id text, p_product text, p_timeline jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed_from timestamptz;
begin
  delete from public.mirrors m where m.user_id = p_user_id and m.product = p_product;
  insert into public.mirrors (user_id, product, source, processor, subscription_id, plan, billing_interval, quantity,
    status, period_start, period_end, cancel_at, trial_end, collection_paused, past_due_since, updated_at, ended_at,
    scheduled_plan, scheduled_interval, discounts)
  select p_user_id, p_product, m.source, m.processor, m.subscription_id, m.plan, m.billing_interval, m.quantity,
    m.status, m.period_start, m.period_end, m.cancel_at, m.trial_end, m.collection_paused, m.past_due_since,
    m.updated_at, m.ended_at, m.scheduled_plan, m.scheduled_interval, coalesce(m.discounts, '[]')
  from jsonb_to_recordset(p_timeline -> 'mirrors') as m (
    source text, processor text, subscription_id text, plan text, billing_interval text, quantity integer, status text,
    period_start timestamptz, period_end timestamptz, cancel_at timestamptz, trial_end timestamptz,
    collection_paused boolean, past_due_since timestamptz, updated_at timestamptz, ended_at timestamptz,
    scheduled_plan text, scheduled_interval text, discounts jsonb);

  delete from public.billing_periods b where b.user_id = p_user_id and b.product = p_product;
  insert into public.billing_periods
  select p_user_id, p_product, b.* from jsonb_to_recordset(p_timeline -> 'periods') as b (
    source text, period_start timestamptz, period_end timestamptz, plan text, billing_interval text, trial boolean,
    paid boolean, paid_in_money boolean, reason text);

  with new_segments as (
    select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'segments') as s (
      starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
      subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
      period_end timestamptz, cadence text, anchor timestamptz, held boolean)
  ),
  old_segments as (
    select * from public.entitlement_segments s where s.user_id = p_user_id and s.product = p_product
  ),
  new_windows as (
    select w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
      opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
      period_start timestamptz, counts_until timestamptz, opens_by text, reason text, from_source text,
      from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
      share jsonb, unpaid boolean, held_from_old boolean)
  ),
  old_windows as (
    select w.opened_at, w.source, w.window_start, w.window_end, w.period_start, w.counts_until, w.opens_by,
      w.reason, w.from_source, w.from_window_start, w.from_period_start, w.from_counts_until,
      w.share, w.unpaid, w.held_from_old
    from public.usage_windows w where w.user_id = p_user_id and w.product = p_product
  )
  select min(d.at) into v_changed_from
  from (
    select starts_at as at from (table new_segments except table old_segments) a
    union all select starts_at from (table old_segments except table new_segments) b
    union all select opened_at from (table new_windows except table old_windows) c
    union all select opened_at from (table old_windows except table new_windows) d
  ) d;
  if v_changed_from is null then
    return;
  end if;

  delete from public.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at >= v_changed_from;
  insert into public.entitlement_segments
  select p_user_id, p_product, s.* from jsonb_to_recordset(p_timeline -> 'segments') as s (
    starts_at timestamptz, source text, plan text, limit_plan text, status text, processor text,
    subscription_id text, billing_interval text, quantity integer, period_start timestamptz,
    period_end timestamptz, cadence text, anchor timestamptz, held boolean)
  where s.starts_at >= v_changed_from;

  delete from public.usage_windows w
  where w.user_id = p_user_id and w.product = p_product and w.opened_at >= v_changed_from;
  insert into public.usage_windows (user_id, product, opened_at, source, window_start, window_end, period_start,
    counts_until, opens_by, reason, from_source, from_window_start, from_period_start, from_counts_until, share,
    unpaid, held_from_old)
  select p_user_id, p_product, w.* from jsonb_to_recordset(p_timeline -> 'windows') as w (
    opened_at timestamptz, source text, window_start timestamptz, window_end timestamptz,
    period_start timestamptz, counts_until timestamptz, opens_by text, reason text, from_source text,
    from_window_start timestamptz, from_period_start timestamptz, from_counts_until timestamptz,
    share jsonb, unpaid boolean, held_from_old boolean)
  where w.opened_at >= v_changed_from;
end;
$$;

comment on function public.replace_timeline(text, text, jsonb) is 'Writes mirrors, periods, segments and windows in the place of the old.';
revoke all on function public.replace_timeline(text, text, jsonb) from public, anon, authenticated;
grant execute on function public.replace_timeline(text, text, jsonb) to service_role;

-- Called by get_usage and commit_timeline: one subscriptions row as the API shows it.
create or replace function public.subscription_view(p_row public.subscriptions) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'product', p_row.product,
    'plan', p_row.plan,
    'limit_plan', p_row.limit_plan,
    'status', p_row.status,
    'processor', p_row.processor,
    'interval', p_row.billing_interval,
    'quantity', p_row.quantity,
    'period_start', public.instant_text(p_row.current_period_start),
    'period_end', public.instant_text(p_row.current_period_end),
    'window_start', public.instant_text(p_row.window_start),
    'resets_at', public.instant_text(p_row.window_end),
    'cancel_at', public.instant_text(p_row.cancel_at),
    'scheduled_plan', p_row.scheduled_plan,
    -- While a payment is open: when the plan falls back to free's limits.
    'grace_until', case when p_row.status in ('past_due', 'unpaid') and p_row.source <> 'free' then (
      select public.instant_text(min(s.starts_at))
      from public.entitlement_segments s
      where s.user_id = p_row.user_id and s.product = p_row.product and s.source = 'free'
        and s.starts_at >= p_row.turns_at) end,
    'discounts', coalesce((
      select jsonb_agg(d.value order by d.ordinality)
      from public.mirrors m
      cross join lateral jsonb_array_elements(m.discounts) with ordinality as d
      where m.user_id = p_row.user_id and m.product = p_row.product and m.source = p_row.source
        and coalesce((d.value ->> 'ends_at')::timestamptz > greatest(public.now_for(p_row.user_id), p_row.as_of), true)
    ), '[]'),
    'meters', (
      select jsonb_agg(jsonb_build_object(
        'field', m.field,
        'kind', m.kind,
        'used', state.used,
        'reserved', state.reserved,
        'unpaid_held', state.unpaid_held,
        'limit', state.limit_amount,
        'remaining', state.remaining,
        'over_limit', state.used > state.limit_amount) order by m.position)
      from public.catalog_meters m
      cross join lateral public.meter_state(p_row, m.field) state
      where m.product = p_row.product));
$$;

comment on function public.subscription_view(public.subscriptions) is 'One subscriptions row as the API shows it.';
revoke all on function public.subscription_view(public.subscriptions) from public, anon, authenticated;
grant execute on function public.subscription_view(public.subscriptions) to service_role;

-- Called by the reconciliation with the refunds and disputes that a processor lists for a subscription: answers with the ids of
-- those that this user's notes lack, and with p_add adds them. An event's note has the same id, so the later event adds
-- nothing. A dispute's event names no customer: its note, which waits without a user, is given to this one. Refunds and
-- disputes of a Stripe customer who is linked to another user are not this user's.
-- Locks: with p_add the users row (hold_user).
create or replace function public.add_fetched_notes(p_user_id text, p_processor text, p_notes jsonb, p_add boolean)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_unknown jsonb;
begin
  if p_add then
    perform public.hold_user(p_user_id);
  end if;
  select coalesce(jsonb_agg(n.body order by n.body ->> 'id'), '[]') into v_unknown
  from jsonb_array_elements(p_notes) as n (body)
  where not exists (
      select from public.notes k where k.note_id = n.body ->> 'id' and k.user_id is not null)
    and not exists (
      select from public.links l
      where p_processor = 'stripe' and l.processor = p_processor and l.kind = 'customer'
        and l.external_id = n.body ->> 'customer' and l.user_id <> p_user_id);
  if p_add then
    insert into public.notes (user_id, note_id, kind, processor, event_id, customer_id, subscription_id, amount, currency,
      detail, occurred_at)
    select p_user_id, n.id, n.kind, p_processor, n.id, n.customer, n.subscription, n.amount, n.currency, n.detail, n.at
    from jsonb_to_recordset(v_unknown) as n (id text, kind text, customer text, subscription text, amount bigint,
      currency text, detail text, at timestamptz)
    on conflict (note_id) do update
    set user_id = excluded.user_id, customer_id = excluded.customer_id, subscription_id = excluded.subscription_id
    where notes.user_id is null;
  end if;
  return (select coalesce(jsonb_agg(n.body -> 'id'), '[]') from jsonb_array_elements(v_unknown) as n (body));
end;
$$;

comment on function public.add_fetched_notes(text, text, jsonb, boolean) is 'Which fetched refunds and disputes are not known, and adds them.';
revoke all on function public.add_fetched_notes(text, text, jsonb, boolean) from public, anon, authenticated;
grant execute on function public.add_fetched_notes(text, text, jsonb, boolean) to service_role;
