-- Called by rebuild_timeline: the stored result of facts and ledger, part by part, to compare.
create or replace function tollgate.timeline_state(p_user_id text, p_product text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'records', (
      select coalesce(jsonb_agg(to_jsonb(m) order by m.source), '[]') from tollgate.subscription_records m
      where m.user_id = p_user_id and m.product = p_product),
    'periods', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.source, b.period_start), '[]') from tollgate.billing_periods b
      where b.user_id = p_user_id and b.product = p_product),
    'entitlement_periods', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s.starts_at), '[]') from tollgate.entitlement_periods s
      where s.user_id = p_user_id and s.product = p_product),
    'windows', (
      select coalesce(jsonb_agg(to_jsonb(w) order by w.opened_at, w.source), '[]') from tollgate.usage_windows w
      where w.user_id = p_user_id and w.product = p_product),
    'entitlement', (
      select to_jsonb(s) - array['revision', 'folded_by', 'updated_at', 'created_at'] from tollgate.subscriptions s
      where s.user_id = p_user_id and s.product = p_product),
    'counters', (
      select coalesce(jsonb_agg(to_jsonb(c) - array['updated_at', 'clock_ahead', 'summed_until', 'summing_until', 'summing_round'] order by c.field), '[]')
      from tollgate.usage_counters c
      where c.user_id = p_user_id and c.product = p_product));
$$;

comment on function tollgate.timeline_state(text, text) is 'A user''s stored timeline and counters, part by part.';
