-- Called by POST /api/test/check-functions: whether the functions that others call by name exist and respond. Each is
-- called for a probe user, and all changes are undone. The catalog names the fields, the plan and the counted tables; an
-- installation adds its own functions by a function installation_probes, which returns {name, call} pairs.
create or replace function tollgate.probe_functions() returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_counter text := (
    select m.field from tollgate.catalog_meters m where m.kind = 'counter' order by m.position, m.field limit 1);
  v_gauge text := (
    select m.field from tollgate.catalog_meters m where m.kind = 'gauge' order by m.position, m.field limit 1);
  v_plan tollgate.catalog_plans;
  v_probes jsonb := '[]';
  v_probe record;
  v_answer jsonb;
  v_error text;
  v_functions jsonb := '[]';
begin
  select * into v_plan from tollgate.catalog_plans p order by p.product, p.rank desc limit 1;
  select jsonb_agg(jsonb_build_array(p.name, format('select tollgate.%I(%s)', p.name, p.arguments)) order by p.place)
  into v_probes
  from (values
    (1, 'check_and_increment_usage', format('%L, %L', 'tollgate-probe', v_counter), v_counter),
    (2, 'decrement_usage', format('%L, %L', 'tollgate-probe', v_counter), v_counter),
    (3, 'set_gauge', format('%L, %L, 0', 'tollgate-probe', v_gauge), v_gauge),
    (4, 'add_to_gauge', format('%L, %L, -1', 'tollgate-probe', v_gauge), v_gauge),
    (5, 'validate_plan_change', format('%L, %L, %L', 'tollgate-probe', v_plan.plan, v_plan.product), v_plan.plan),
    (6, 'cleanup_old_webhook_events', '36500', ''),
    (7, 'get_usage', format('%L', 'tollgate-probe'), ''),
    (8, 'load_timeline', format('%L, %L', 'tollgate-probe', v_plan.product), v_plan.product),
    (9, 'ping', '', '')
  ) as p (place, name, arguments, needs)
  where p.needs is not null;
  select v_probes || coalesce(jsonb_agg(
    jsonb_build_array('sync_gauge', format('select tollgate.sync_gauge(%L, %L)', 'tollgate-probe', t.field)) order by t.field), '[]')
  into v_probes
  from tollgate.registered_tables() t;
  if to_regprocedure('tollgate.installation_probes()') is not null then
    execute 'select $1 || tollgate.installation_probes()' into v_probes using v_probes;
  end if;

  for v_probe in
    select p.value ->> 0 as name, p.value ->> 1 as call from jsonb_array_elements(v_probes) as p
  loop
    v_answer := null;
    v_error := null;
    begin
      execute v_probe.call into v_answer;
      raise exception 'seen' using errcode = 'TG000';
    exception
      when sqlstate 'TG000' then
        -- Undone.
      when others then
        v_error := sqlerrm;
    end;
    v_functions := v_functions || jsonb_build_object(
      'name', v_probe.name,
      'exists', exists (
        select from pg_catalog.pg_proc p
        where p.proname = v_probe.name and p.pronamespace = 'tollgate'::regnamespace),
      'answers', v_answer is not null,
      'error', v_error);
  end loop;
  return v_functions;
end;
$$;

comment on function tollgate.probe_functions() is 'Whether the functions that others call by name exist and respond.';
