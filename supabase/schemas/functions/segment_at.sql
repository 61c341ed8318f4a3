-- The entitlement at an instant, by the timeline; the product's free plan for a user who never had a subscription.
create or replace function tollgate.segment_at(p_user_id text, p_product text, p_at timestamptz)
returns tollgate.entitlement_segments
language plpgsql stable set search_path = ''
as $$
declare
  v_segment tollgate.entitlement_segments;
begin
  select * into v_segment
  from tollgate.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at <= p_at
  order by s.starts_at desc
  limit 1;
  if not found then
    select p.plan, p.plan, p.cadence into v_segment.plan, v_segment.limit_plan, v_segment.cadence
    from tollgate.catalog_plans p
    where p.product = p_product and p.rank = 0;
    v_segment.source := 'free';
    v_segment.quantity := 1;
    v_segment.held := false;
    select s.created_at into v_segment.anchor
    from tollgate.subscriptions s
    where s.user_id = p_user_id and s.product = p_product;
  end if;
  return v_segment;
end;
$$;

comment on function tollgate.segment_at(text, text, timestamptz) is 'The entitlement segment in force at an instant.';
