-- Called at migration with the config. The tables follow the config: rows that it no longer has are deleted.
--   p_catalog {products: [{product, plans: [{plan, name, rank, cadence, per_quantity, limits: [{field, kind, limit, unit?,
--     table?, subject?}]}]}]}
create or replace function tollgate.save_catalog(p_catalog jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_changed text[];
begin
  -- Concurrent loads must not interleave.
  lock table tollgate.catalog_plans in share row exclusive mode;
  create temporary table new_limits on commit drop as
  select p.product, p.position as product_position, l.plan, l.name, l.rank, l.cadence, l.per_quantity, f.field, f.kind,
    f.position, f.limit_amount, f.unit, f.table_name, f.user_column
  from (
    select e.value ->> 'product' as product, e.ordinality as position, e.value -> 'plans' as plans
    from jsonb_array_elements(p_catalog -> 'products') with ordinality e
  ) p
  cross join lateral jsonb_to_recordset(p.plans) as l (
    plan text, name text, rank integer, cadence text, per_quantity boolean, limits jsonb)
  cross join lateral (
    select e.value ->> 'field' as field, e.value ->> 'kind' as kind, e.ordinality as position,
      (e.value ->> 'limit')::bigint as limit_amount, e.value ->> 'unit' as unit, e.value ->> 'table' as table_name,
      e.value ->> 'subject' as user_column
    from jsonb_array_elements(l.limits) with ordinality e
  ) f;

  select array_agg(distinct c.product) into v_changed
  from (
    (select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n
      except select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from tollgate.catalog_limits l join tollgate.catalog_plans p using (product, plan))
    union all
    (select l.product, l.plan, l.field, l.limit_amount, p.per_quantity
      from tollgate.catalog_limits l join tollgate.catalog_plans p using (product, plan)
      except select n.product, n.plan, n.field, n.limit_amount, n.per_quantity from pg_temp.new_limits n)
  ) c;

  delete from tollgate.catalog_limits;
  delete from tollgate.catalog_meters;
  delete from tollgate.catalog_plans;
  insert into tollgate.catalog_plans (product, plan, name, rank, cadence, per_quantity)
  select distinct n.product, n.plan, n.name, n.rank, n.cadence, n.per_quantity from pg_temp.new_limits n;
  insert into tollgate.catalog_meters (field, product, kind, position, unit)
  select n.field, n.product, n.kind, min(n.product_position * 100 + n.position), min(n.unit) from pg_temp.new_limits n
  group by n.field, n.product, n.kind;
  insert into tollgate.catalog_limits (product, plan, field, limit_amount)
  select n.product, n.plan, n.field, n.limit_amount from pg_temp.new_limits n;

  delete from tollgate.counted_tables t where t.by_config;
  insert into tollgate.counted_tables (field, table_name, user_column, by_config)
  select distinct n.field, n.table_name, n.user_column, true from pg_temp.new_limits n
  where n.kind = 'gauge' and n.table_name is not null;

  -- refresh_limits walks the users of these products. A walk that was interrupted begins again.
  insert into tollgate.limit_refreshes (product)
  select unnest(v_changed)
  on conflict (product) do update set after = '';
end;
$$;

comment on function tollgate.save_catalog(jsonb) is 'Replaces the catalog''s copy.';
