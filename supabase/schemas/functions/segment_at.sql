-- The entitlement at an instant, by the timeline; the product's free plan for a user who never had a subscription.
create or replace function public.segment_at(p_user_id text, p_product text, p_at timestamptz)
returns public.entitlement_segments
language plpgsql stable set search_path = ''
as $$
declare
  v_segment public.entitlement_segments;
begin
  select * into v_segment
  from public.entitlement_segments s
  where s.user_id = p_user_id and s.product = p_product and s.starts_at <= p_at
  order by s.starts_at desc
  limit 1;
  if not found then
    select p.plan, p.plan, p.cadence into v_segment.plan, v_segment.limit_plan, v_segment.cadence
    from public.catalog_plans p
    where p.product = p_product and p.rank = 0;
    v_segment.source := 'free';
    v_segment.quantity := 1;
    v_segment.held := false;
    select s.created_at into v_segment.anchor
    from public.subscriptions s
    where s.user_id = p_user_id and s.product = p_product;
  end if;
  return v_segment;
end;
$$;

comment on function public.segment_at(text, text, timestamptz) is 'The entitlement segment in force at an instant.';
revoke all on function public.segment_at(text, text, timestamptz) from public, anon, authenticated;
grant execute on function public.segment_at(text, text, timestamptz) to service_role;
