-- Called by an admin's grant and by the simulation's newLimit. Until p_expires_at (null: without end) the user's limit of
-- this meter is p_limit, under any plan. p_limit null removes the override. A plan change keeps it.
-- Locks: the users row (hold_user), then the subscriptions row, so that no charge is evaluated by both limits. Errors:
-- TG400 bad amount, unknown field, a past expiry; TG403 p_by is the user: users may not remove their own limits either.
create or replace function tollgate.set_limit_override(
  p_user_id text,
  p_field text,
  p_limit bigint,
  p_expires_at timestamptz,
  p_by text,
  p_reason text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.meter_of(p_field);
  v_lock record;
  v_row tollgate.subscriptions;
begin
  if p_by = p_user_id then
    raise exception 'Admins cannot change their own limits. Another admin can.'
      using errcode = 'TG403', detail = 'userId', hint = 'self_grant';
  end if;
  if p_limit is not null then
    perform tollgate.check_amount(p_limit, 0);
  end if;
  perform tollgate.hold_user(p_user_id);
  v_lock := tollgate.lock_subscription(p_user_id, v_meter.product);
  if p_expires_at <= v_lock.now_at then
    raise exception 'The expiry has passed already.' using errcode = 'TG400', detail = 'expiresAt';
  end if;
  delete from tollgate.limit_overrides o where o.user_id = p_user_id and o.field = p_field;
  if p_limit is not null then
    insert into tollgate.limit_overrides (user_id, field, limit_amount, expires_at, granted_by, reason, created_at)
    values (p_user_id, p_field, p_limit, coalesce(p_expires_at, 'infinity'), p_by, p_reason, v_lock.now_at);
  end if;
  v_row := tollgate.refresh_subscription(p_user_id, v_meter.product, v_lock.now_at);
  -- The revision orders cached entitlements. A delivery that is folded meanwhile is folded again.
  update tollgate.subscriptions s set revision = s.revision + 1
  where s.user_id = p_user_id and s.product = v_meter.product
  returning * into v_row;
  return (
    select jsonb_build_object('field', p_field, 'used', m.used, 'limit', m.limit_amount, 'remaining', m.remaining,
      'revision', v_row.revision)
    from tollgate.usage_counters c cross join lateral tollgate.meter_state(c) m
    where c.user_id = p_user_id and c.field = p_field);
end;
$$;

comment on function tollgate.set_limit_override(text, text, bigint, timestamptz, text, text) is 'Grants one user a limit of their own, or removes it.';
