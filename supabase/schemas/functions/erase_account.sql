-- Called by DELETE /api/account. Erases a user in one transaction. These rows stay, without the user:
-- · The ledger stays under a random name, so that sums over all users stay right. The audit log stays under the same
--   name.
-- · Refunds and disputes stay without a user.
-- · Events of the inbox stay under the random name. Invoices and charges keep their bytes, since the law requires them.
--   Other events lose their bytes, and all lose the processor's customer and subscription.
-- · A tombstone by hash stays, so that a user who erases the account and returns gets no refill. It has the window's
--   counters, the free plan's anchor, trials and the processors' customers. The ends of subscriptions are in it, so
--   that no late event revives one. The user's own limits below the plan's are in it without their reason, which may
--   name the user. The revision is in it, so that a commit prepared before the erasure is prepared again.
-- The rows that gauges count are deleted (erase_counted_rows).
-- Refused while a subscription is live, or paid and not announced yet, since it would be charged further. A missing
-- user returns {erased: false}.
-- Locks: the users row, so that no row that refers to it is created meanwhile. Then the subscriptions rows by product,
-- and then all other rows of the user. Errors: TG409 a subscription is live, or
-- erase_counted_rows'.
create or replace function tollgate.erase_account(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_pseudonym text := 'erased_' || replace(gen_random_uuid()::text, '-', '');
  v_product text;
  v_row tollgate.subscriptions;
  v_products jsonb := '{}';
  v_customers jsonb;
begin
  perform from tollgate.users u where u.user_id = p_user_id for update;
  if not found then
    return jsonb_build_object('erased', false);
  end if;
  for v_product in
    select s.product from tollgate.subscriptions s where s.user_id = p_user_id order by s.product
  loop
    -- Sets the row to the current window, so that the tombstone has its counters.
    v_row := (tollgate.lock_subscription(p_user_id, v_product)).locked;
    v_products := v_products || jsonb_build_object(v_product, jsonb_build_object(
      'anchor', v_row.created_at,
      'revision', v_row.revision,
      'window_start', v_row.window_start,
      'counters', (
        -- A reserved amount counts as used, since its user cannot settle it any more.
        select coalesce(jsonb_object_agg(u.field, u.used), '{}')
        from (
          select m.field, c.used + c.reserved as used
          from tollgate.catalog_meters m
          join tollgate.usage_counters c on c.user_id = p_user_id and c.field = m.field
          where m.product = v_product and m.kind = 'counter'
        ) u
        where u.used > 0),
      'restrictions', (
        select coalesce(jsonb_object_agg(o.field, jsonb_build_object('limit', o.limit_amount, 'expires_at', o.expires_at,
          'created_at', o.created_at,
          'granted_by', case when o.granted_by <> p_user_id then o.granted_by else 'erased' end)), '{}')
        from tollgate.limit_overrides o
        join tollgate.catalog_meters m on m.field = o.field and m.product = v_product
        join tollgate.catalog_limits l on l.product = m.product and l.plan = v_row.limit_plan and l.field = m.field
        join tollgate.catalog_plans p on p.product = l.product and p.plan = l.plan
        where o.user_id = p_user_id
          and o.limit_amount < l.limit_amount * case when p.per_quantity then v_row.quantity else 1 end),
      'trials', (
        select coalesce(jsonb_agg(to_jsonb(f) - 'user_id' - 'product'), '[]')
        from tollgate.facts f
        where f.user_id = p_user_id and f.product = v_product and (f.body ->> 'changeType' = 'deleted' or exists (
          select from tollgate.billing_periods b
          where b.user_id = p_user_id and b.product = v_product and b.trial
            and b.source = f.processor || ':' || f.subscription_id)))));
  end loop;
  if exists (
    select from tollgate.subscription_records m
    where m.user_id = p_user_id and m.ended_at is null and m.status in ('trialing', 'active', 'past_due', 'unpaid')
  ) or exists (
    -- Its first event comes within the days in which processors retry a delivery, or never.
    select from tollgate.checkouts c
    where c.user_id = p_user_id and c.status = 'paid' and c.updated_at > now() - interval '3 days' and not exists (
      select from tollgate.subscription_records m
      where m.user_id = p_user_id and m.product = c.product and m.subscription_id = c.subscription_id)
  ) then
    raise exception 'A subscription is still running. Cancel it first; the account can be erased when it has ended.'
      using errcode = 'TG409', hint = 'subscription_alive';
  end if;

  select coalesce(jsonb_agg(distinct jsonb_build_object('processor', l.processor, 'customer', l.external_id)), '[]')
  into v_customers
  from tollgate.links l
  where l.user_id = p_user_id and l.kind = 'customer';
  insert into tollgate.erased_accounts as e (user_hash, erased_at, products, processor_ids)
  values (tollgate.user_hash(p_user_id), tollgate.now_for(p_user_id), v_products, v_customers)
  on conflict (user_hash) do update
  set erased_at = excluded.erased_at, products = e.products || excluded.products,
    processor_ids = e.processor_ids || excluded.processor_ids;

  update tollgate.usage_ledger l set user_id = v_pseudonym, idempotency_key = null where l.user_id = p_user_id;
  update tollgate.notes n set user_id = null, customer_id = null, subscription_id = null, transaction_id = null,
    detail = null
  where n.user_id = p_user_id;
  update tollgate.webhook_events e
  set user_id = case when e.user_id = p_user_id then v_pseudonym else e.user_id end,
    hint_user_id = case when e.hint_user_id = p_user_id then null else e.hint_user_id end,
    customer_id = null,
    subscription_id = null,
    raw = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.raw else '' end,
    payload = case when e.event_type ~ '^(invoice|charge|transaction|adjustment)\.' then e.payload end
  where e.user_id = p_user_id or (e.hint_user_id = p_user_id and e.user_id is null);

  delete from tollgate.idempotency_keys k where k.user_id = p_user_id;
  delete from tollgate.reservations r where r.user_id = p_user_id;
  delete from tollgate.limit_overrides o where o.user_id = p_user_id;
  delete from tollgate.decisions d where d.user_id = p_user_id;
  delete from tollgate.facts f where f.user_id = p_user_id;
  delete from tollgate.checkpoints c where c.user_id = p_user_id;
  delete from tollgate.subscription_records m where m.user_id = p_user_id;
  delete from tollgate.billing_periods b where b.user_id = p_user_id;
  delete from tollgate.entitlement_periods s where s.user_id = p_user_id;
  delete from tollgate.usage_windows w where w.user_id = p_user_id;
  delete from tollgate.scheduled_change_runs r where r.user_id = p_user_id;
  delete from tollgate.links l where l.user_id = p_user_id;
  delete from tollgate.checkouts c where c.user_id = p_user_id;
  delete from tollgate.notices n where n.user_id = p_user_id;
  -- The audit log keeps its entries.
  perform tollgate.pseudonymize_audit_entries(p_user_id, v_pseudonym);
  delete from tollgate.usage_hours h where h.user_id = p_user_id;
  delete from tollgate.usage_counters c where c.user_id = p_user_id;
  delete from tollgate.subscriptions s where s.user_id = p_user_id;
  if to_regclass('tollgate.sandbox_accounts') is not null then
    delete from tollgate.sandbox_clocks c where c.user_id = p_user_id;
    delete from tollgate.sandbox_accounts a where a.user_id = p_user_id;
  end if;
  perform tollgate.erase_counted_rows(p_user_id);
  delete from tollgate.users u where u.user_id = p_user_id;
  return jsonb_build_object('erased', true);
end;
$$;

comment on function tollgate.erase_account(text) is 'Erases a user and leaves a tombstone; refused while a subscription is live.';
