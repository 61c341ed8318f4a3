-- Called by the reconcile job and by hand. Sets a gauge to the number of things and returns the difference. Locks: the
-- subscriptions row. Errors: TG400 no table is registered for the field.
create or replace function tollgate.sync_gauge(p_user_id text, p_field text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_product text := (select m.product from tollgate.catalog_meters m where m.field = p_field and m.kind = 'gauge');
  v_lock record;
  v_row tollgate.subscriptions;
  v_counted bigint;
  v_actual bigint;
begin
  if v_product is null or not exists (select from tollgate.counted_tables t where t.field = p_field) then
    raise exception 'No table is registered for the gauge %.', p_field using errcode = 'TG400', detail = 'field';
  end if;
  v_lock := tollgate.lock_subscription(p_user_id, v_product);
  v_row := v_lock.locked;
  v_counted := coalesce((v_row.usage ->> p_field)::bigint, 0);
  v_actual := coalesce(tollgate.gauge_count(p_field, p_user_id), 0);
  if v_counted <> v_actual then
    update tollgate.subscriptions s
    set usage = s.usage || jsonb_build_object(p_field, v_actual), updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = v_product;
  end if;
  return jsonb_build_object('counted', v_counted, 'actual', v_actual, 'drift', v_counted - v_actual);
end;
$$;

comment on function tollgate.sync_gauge(text, text) is 'Sets a gauge to the number of things and returns the drift.';
