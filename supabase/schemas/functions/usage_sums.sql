-- Called by the preview of a plan change. Returns the usage of each field between the given instants, as if all of it
-- were at the earlier one. If the instants contain all boundaries of a timeline, lib/billing/usage-at.ts computes the
-- counters from these few sums. They equal those that Postgres computes.
create or replace function tollgate.usage_sums(p_user_id text, p_product text, p_cuts jsonb) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    with cuts as (
      select c.at, lead(c.at, 1, 'infinity') over (order by c.at) as until
      from (select distinct value::timestamptz as at from jsonb_array_elements_text(p_cuts)) c
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'at', tollgate.instant_text(s.at), 'field', s.field, 'amount', s.amount) order by s.at, s.field), '[]')
    from (
      select c.at, m.field, tollgate.usage_between(p_user_id, m.field, c.at, c.until) as amount
      from cuts c
      join tollgate.catalog_meters m on m.product = p_product and m.kind = 'counter'
    ) s
    where s.amount <> 0);
end;
$$;

comment on function tollgate.usage_sums(text, text, jsonb) is 'Usage of each field between instants.';
