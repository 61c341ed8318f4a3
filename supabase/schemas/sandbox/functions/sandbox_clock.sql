-- Called by the sandbox before and while a user's clock is moved. Returns the user's time, and the earliest time to
-- which it may be set, since usage, events and the processors' own records are dated. Also returns the end of the
-- nearest paid period, and the next due action.
create or replace function tollgate.sandbox_clock(p_user_id text) returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'now', tollgate.instant_text(tollgate.now_for(p_user_id)),
    'happened_at', tollgate.instant_text(greatest(
      (select max(a.as_of) from tollgate.sandbox_accounts a where a.user_id = p_user_id),
      (select max(latest.at)
        from tollgate.catalog_meters m
        cross join lateral (
          select max(l.at) as at from tollgate.usage_ledger l where l.user_id = p_user_id and l.field = m.field) latest),
      (select max(s.as_of) from tollgate.subscriptions s where s.user_id = p_user_id and isfinite(s.as_of)))),
    'period_end', (
      select tollgate.instant_text(min(s.current_period_end))
      from tollgate.subscriptions s
      where s.user_id = p_user_id and s.current_period_end > tollgate.now_for(p_user_id)),
    'next_reset', (
      select tollgate.instant_text(min(s.window_end))
      from tollgate.subscriptions s
      where s.user_id = p_user_id and s.window_end > tollgate.now_for(p_user_id)),
    'due', (
      select jsonb_build_object('processor', a.processor, 'account_id', a.account_id,
        'at', tollgate.instant_text(a.due_at))
      from tollgate.sandbox_accounts a
      where a.user_id = p_user_id and a.due_at is not null
      order by a.due_at, a.processor, a.account_id
      limit 1));
$$;

comment on function tollgate.sandbox_clock(text) is 'A sandbox user''s clock and the actions that wait for it.';
