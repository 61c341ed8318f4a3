-- Called before a checkout or a change begins: whether the existing things are within the new plan's gauges. The reason and
-- the message name the config's unit of the gauge. Errors: TG400 unknown product or plan.
create or replace function tollgate.validate_plan_change(
  p_user_id text,
  p_new_plan text,
  p_product text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_plan tollgate.catalog_plans;
  v_over record;
begin
  select * into v_plan from tollgate.catalog_plans p where p.product = p_product and p.plan = lower(p_new_plan);
  if not found then
    raise exception 'There is no such plan.' using errcode = 'TG400', detail = 'plan';
  end if;
  perform tollgate.lock_subscription(p_user_id, p_product);
  select coalesce(m.unit, replace(m.field, 's_count', '')) as unit, c.used - coalesce(o.limit_amount, l.limit_amount) as excess into v_over
  from tollgate.subscriptions s
  join tollgate.catalog_meters m on m.product = s.product and m.kind = 'gauge'
  join tollgate.usage_counters c on c.user_id = s.user_id and c.field = m.field
  join tollgate.catalog_limits l on l.product = s.product and l.plan = v_plan.plan and l.field = m.field
  left join tollgate.limit_overrides o on o.user_id = s.user_id and o.field = m.field
    and o.expires_at > greatest(tollgate.now_for(p_user_id), s.as_of)
  where s.user_id = p_user_id and s.product = p_product
    and c.used > coalesce(o.limit_amount, l.limit_amount)
  order by m.position
  limit 1;
  if found then
    return jsonb_build_object(
      'valid', false,
      'reason', trim('_' from regexp_replace(lower(v_over.unit), '[^a-z0-9]+', '_', 'g')) || '_limit_exceeded',
      'message', format('Please delete %s %s(s) to switch to %s', v_over.excess, v_over.unit, v_plan.name),
      'excess', v_over.excess);
  end if;
  return jsonb_build_object('valid', true, 'reason', null, 'message', null);
end;
$$;

comment on function tollgate.validate_plan_change(text, text, text) is 'Whether a user''s things are within a plan: {valid, reason, message}.';
