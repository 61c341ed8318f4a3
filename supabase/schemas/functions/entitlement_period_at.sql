-- The entitlement at an instant by the timeline; the product's free plan for a user without a subscription.
create or replace function tollgate.entitlement_period_at(p_user_id text, p_product text, p_at timestamptz)
returns tollgate.entitlement_periods
language plpgsql stable set search_path = ''
as $$
declare
  v_entitlement tollgate.entitlement_periods;
begin
  select * into v_entitlement
  from tollgate.entitlement_periods s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at <= p_at
  order by s.starts_at desc
  limit 1;
  if not found then
    select p.plan, p.plan, p.cadence into v_entitlement.plan, v_entitlement.limit_plan, v_entitlement.cadence
    from tollgate.catalog_plans p
    where p.product = p_product and p.rank = 0;
    v_entitlement.source := 'free';
    v_entitlement.quantity := 1;
    v_entitlement.withheld := false;
    select s.created_at into v_entitlement.anchor
    from tollgate.subscriptions s
    where s.user_id = p_user_id and s.product = p_product;
  end if;
  return v_entitlement;
end;
$$;

comment on function tollgate.entitlement_period_at(text, text, timestamptz) is 'The entitlement period at an instant.';
