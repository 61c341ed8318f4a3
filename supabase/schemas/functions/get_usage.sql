-- Called by GET /api/subscription/usage and the pages: every product, free ones too. If the stored plan differs from the
-- timeline, it corrects the plan and never touches usage. It takes a lock only if a window ends, a reservation or an
-- override expires, or a plan is corrected.
-- Locks: then the users row (lock_user) before the subscriptions rows.
create or replace function tollgate.get_usage(p_user_id text) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '500ms'
as $$
declare
  v_product text;
  v_row tollgate.subscriptions;
  v_read record;
  v_view jsonb;
  v_entitlement tollgate.entitlement_periods;
  v_now timestamptz;
  v_lock record;
  v_latest timestamptz;
  v_subscriptions jsonb := '[]';
  v_corrected jsonb := '[]';
  v_user_locked boolean := false;
begin
  for v_product in
    select m.product from tollgate.catalog_meters m group by m.product order by min(m.position)
  loop
    -- One statement, so that the counters are those of the row.
    select s as found, tollgate.subscription_view(s) as view into v_read
    from tollgate.subscriptions s where s.user_id = p_user_id and s.product = v_product;
    v_row := v_read.found;
    v_view := v_read.view;
    v_now := greatest(tollgate.now_for(p_user_id), v_row.as_of);
    if v_row.user_id is null or v_row.usage is not null or v_now >= least(v_row.advance_at, v_row.refresh_at) then
      if not v_user_locked then
        perform tollgate.lock_user(p_user_id);
        v_user_locked := true;
      end if;
      v_lock := tollgate.lock_subscription(p_user_id, v_product);
      v_row := v_lock.locked;
      v_now := v_lock.now_at;
      v_view := tollgate.subscription_view(v_row);
    end if;
    v_entitlement := tollgate.entitlement_period_at(p_user_id, v_product, v_now);
    if (v_row.plan, v_row.limit_plan) is distinct from (v_entitlement.plan, v_entitlement.limit_plan) then
      if not v_user_locked then
        perform tollgate.lock_user(p_user_id);
        v_user_locked := true;
      end if;
      v_lock := tollgate.lock_subscription(p_user_id, v_product);
      v_entitlement := tollgate.entitlement_period_at(p_user_id, v_product, v_lock.now_at);
      v_corrected := v_corrected
        || jsonb_build_object('product', v_product, 'from', v_row.plan, 'to', v_entitlement.plan);
      update tollgate.subscriptions s set plan = v_entitlement.plan, limit_plan = v_entitlement.limit_plan
      where s.user_id = p_user_id and s.product = v_product;
      v_row := tollgate.refresh_subscription(p_user_id, v_product, v_lock.now_at);
      v_view := tollgate.subscription_view(v_row);
    end if;
    v_latest := greatest(v_latest, v_row.as_of);
    v_subscriptions := v_subscriptions || v_view;
  end loop;
  return jsonb_build_object(
    'user_id', p_user_id,
    'now', tollgate.instant_text(greatest(tollgate.now_for(p_user_id), v_latest)),
    'subscriptions', v_subscriptions,
    'corrected', v_corrected);
end;
$$;

comment on function tollgate.get_usage(text) is 'Plan, window and meters of every product of a user.';
