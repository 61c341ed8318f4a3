-- Called by the reconcile job and by hand. Sets a gauge to the number of rows of its table, also above the limit, and returns
-- the difference. Locks: the subscriptions row. Errors: TG400 no table is registered for the field, or it cannot be read.
create or replace function tollgate.sync_gauge(p_user_id text, p_field text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_product text := (select m.product from tollgate.catalog_meters m where m.field = p_field and m.kind = 'gauge');
  v_table record := tollgate.counted_table(p_field);
  v_lock record;
  v_counted bigint;
  v_actual bigint;
begin
  if v_product is null or not exists (select from tollgate.counted_tables t where t.field = p_field) then
    raise exception 'No table is registered for the gauge %.', p_field using errcode = 'TG400', detail = 'field';
  elsif v_table.problem is not null then
    raise exception 'The gauge % cannot be counted: %.', p_field, v_table.problem
      using errcode = 'TG400', detail = 'field', hint = 'table_unusable';
  end if;
  v_lock := tollgate.lock_subscription(p_user_id, v_product);
  v_counted := (tollgate.counters_of(p_user_id, array[p_field]))[1].used;
  v_actual := tollgate.gauge_count(p_field, p_user_id);
  if v_counted <> v_actual then
    update tollgate.usage_counters c set used = v_actual, updated_at = v_lock.now_at
    where c.user_id = p_user_id and c.field = p_field;
  end if;
  return jsonb_build_object('counted', v_counted, 'actual', v_actual, 'drift', v_counted - v_actual);
end;
$$;

comment on function tollgate.sync_gauge(text, text) is 'Sets a gauge to the number of things and returns the drift.';
