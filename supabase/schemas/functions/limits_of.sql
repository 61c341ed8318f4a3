-- Called by every function that writes a row's limits. Returns a plan's limit of each meter, or the user's own limit if
-- one was granted and has not expired. Also returns the end of their validity.
create or replace function tollgate.limits_of(
  p_user_id text,
  p_product text,
  p_plan text,
  p_quantity integer,
  p_now timestamptz,
  out limits jsonb,
  out until timestamptz
)
language plpgsql stable set search_path = ''
as $$
begin
  select
    jsonb_object_agg(m.field, coalesce(
      o.limit_amount, l.limit_amount * case when p.per_quantity then p_quantity else 1 end, 0)),
    coalesce(min(o.expires_at), 'infinity')
  into limits, until
  from tollgate.catalog_meters m
  left join tollgate.catalog_limits l on l.product = m.product and l.field = m.field and l.plan = p_plan
  left join tollgate.catalog_plans p on p.product = l.product and p.plan = l.plan
  left join tollgate.limit_overrides o on o.user_id = p_user_id and o.field = m.field and o.expires_at > p_now
  where m.product = p_product;
end;
$$;

comment on function tollgate.limits_of(text, text, text, integer, timestamptz) is 'The limits of a user under a plan.';
