-- Called by all functions that return notices. Returns one row as the API has it. "current" means that the notice still
-- applies: the window with that limit continues, the payment is still open, or no plan has followed.
create or replace function tollgate.notice_view(p_notice tollgate.notices) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_notice.notice_id,
    'user_id', p_notice.user_id,
    'product', p_notice.product,
    'kind', p_notice.kind,
    'field', nullif(p_notice.field, ''),
    'at', tollgate.instant_text(p_notice.created_at),
    'occasion_at', tollgate.instant_text(p_notice.occasion_at),
    'dismissed', p_notice.dismissed_at is not null,
    'delivered_at', tollgate.instant_text(p_notice.delivered_at),
    'current', case
      when p_notice.kind in ('near_limit', 'limit_reached') then exists (
        select from tollgate.subscriptions s
        join tollgate.usage_counters c on c.user_id = s.user_id and c.field = p_notice.field
        where s.user_id = p_notice.user_id and s.product = p_notice.product and s.source = p_notice.source
          and s.window_start = p_notice.occasion_at and c.limit_amount = p_notice.limit_amount
          -- The higher notice replaces the lower one; after a release the lower one no longer applies.
          and c.used >= p_notice.limit_amount * case p_notice.kind when 'near_limit' then 0.8 else 1 end
          and (p_notice.kind = 'limit_reached' or c.used < p_notice.limit_amount))
      when p_notice.kind = 'payment_failed' then exists (
        select from tollgate.subscription_records m
        where m.user_id = p_notice.user_id and m.product = p_notice.product and m.source = p_notice.source
          and m.past_due_since = p_notice.occasion_at and m.status in ('past_due', 'unpaid'))
      else exists (
        select from tollgate.subscriptions s
        where s.user_id = p_notice.user_id and s.product = p_notice.product and s.source = 'free')
    end) || p_notice.details;
$$;

comment on function tollgate.notice_view(tollgate.notices) is 'One notice as the API has it.';
