-- Called by lock_subscription and load_timeline. Every user has the free plan of every product. The row and its counters are
-- created at the first access, and its date anchors the free plan's monthly windows. Two concurrent calls create one row.
-- Locks: the users row (hold_user), then the new rows. Errors: TG404 unknown product.
create or replace function tollgate.ensure_subscription(p_user_id text, p_product text) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := tollgate.now_for(p_user_id);
  v_plan tollgate.catalog_plans;
  v_window record;
  v_limits record;
  v_row tollgate.subscriptions;
begin
  select * into v_plan from tollgate.catalog_plans p where p.product = p_product and p.rank = 0;
  if not found then
    raise exception 'There is no product "%".', p_product using errcode = 'TG404', detail = 'product';
  end if;
  perform tollgate.hold_user(p_user_id);
  select * into v_window from tollgate.window_at(v_plan.cadence, v_now, null, v_now);
  v_limits := tollgate.limits_of(p_user_id, p_product, v_plan.plan, 1, v_now);
  insert into tollgate.subscriptions as s (user_id, product, plan, limit_plan, window_start, window_end, advance_at,
    refresh_at, created_at, updated_at)
  values (p_user_id, p_product, v_plan.plan, v_plan.plan, v_window.window_start, v_window.window_end,
    v_window.counts_until, v_limits.until, v_now, v_now)
  on conflict (user_id, product) do nothing
  returning * into v_row;
  if found then
    perform tollgate.write_counters(v_row, v_limits.limits, null, v_now);
    perform tollgate.restore_erased(p_user_id, p_product);
  end if;
end;
$$;

comment on function tollgate.ensure_subscription(text, text) is 'Creates a user''s free row of a product if it is missing.';
