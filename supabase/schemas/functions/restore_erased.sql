-- Called by ensure_subscription when it has created a row. Restores data for a user who returns after an erasure. These
-- are the free plan's anchor, the counters of a window that still runs, trials, and the ends of subscriptions. So a
-- user who erases the account and returns gets no refill. The user's own limits below the plan's apply again until they
-- expire. The revision continues, so that no caller takes the new row for the old one.
-- Locks: the users row (hold_user), which the caller has locked.
create or replace function tollgate.restore_erased(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_tombstone tollgate.erased_accounts;
  v_left jsonb;
  v_now timestamptz := tollgate.now_for(p_user_id);
  v_window record;
begin
  select * into v_tombstone from tollgate.erased_accounts e where e.user_hash = tollgate.user_hash(p_user_id);
  v_left := v_tombstone.products -> p_product;
  if v_left is null then
    return;
  end if;

  perform tollgate.hold_user(p_user_id);
  select w.* into v_window
  from tollgate.catalog_plans p, tollgate.window_at(p.cadence, (v_left ->> 'anchor')::timestamptz, null, v_now) w
  where p.product = p_product and p.rank = 0;
  update tollgate.subscriptions s
  set created_at = (v_left ->> 'anchor')::timestamptz, window_start = v_window.window_start,
    window_end = v_window.window_end, advance_at = v_window.counts_until,
    revision = coalesce((v_left ->> 'revision')::bigint, 0) + 1
  where s.user_id = p_user_id and s.product = p_product;

  -- By the ledger, from which counters are computed: they stay right when the row is computed again.
  if v_window.window_start = (v_left ->> 'window_start')::timestamptz then
    perform tollgate.write_ledger_row(p_user_id, p_product, c.field,
      greatest(v_window.window_start, least(v_tombstone.erased_at, v_now)), c.used::bigint)
    from jsonb_each_text(v_left -> 'counters') as c (field, used);
    update tollgate.usage_counters c set used = (v_left -> 'counters' ->> c.field)::bigint
    where c.user_id = p_user_id and c.product = p_product and v_left -> 'counters' ? c.field;
  end if;

  insert into tollgate.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, created_at)
  select p_user_id, m.field, (r.kept ->> 'limit')::bigint, (r.kept ->> 'expires_at')::timestamptz,
    r.kept ->> 'granted_by', (r.kept ->> 'created_at')::timestamptz
  from jsonb_each(v_left -> 'restrictions') as r (field, kept)
  join tollgate.catalog_meters m on m.field = r.field and m.product = p_product
  join tollgate.catalog_plans p on p.product = p_product and p.rank = 0
  join tollgate.catalog_limits l on l.product = p.product and l.plan = p.plan and l.field = m.field
  where (r.kept ->> 'limit')::bigint < l.limit_amount and (r.kept ->> 'expires_at')::timestamptz > v_now
  on conflict (user_id, field) do nothing;
  perform tollgate.refresh_subscription(p_user_id, p_product, v_now);

  insert into tollgate.facts
    (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body, created_at)
  select p_user_id, p_product, f.fact_id, f.kind, f.processor, f.subscription_id, f.occurred_at, f.event_id, f.body,
    f.created_at
  from jsonb_to_recordset(v_left -> 'trials') as f (fact_id text, kind text, processor text, subscription_id text,
    occurred_at timestamptz, event_id text, body jsonb, created_at timestamptz)
  on conflict (user_id, product, fact_id) do nothing;
end;
$$;

comment on function tollgate.restore_erased(text, text) is 'Restores the state in the tombstone of a returning user.';
