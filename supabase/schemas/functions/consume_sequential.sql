-- Called by the gate for calls of one user that consume_batch left out; p_charges as there. Returns [verdicts or {"error"},
-- …], one element per call, evaluated in order. A call with bad input fails alone. An error of the database (a lock
-- timeout) fails all calls, and nothing is counted.
-- Atomic: one transaction. Locks: for calls of several products the users row (lock_user); then charge_usage's, whose
-- errors it has.
create or replace function tollgate.consume_sequential(p_charges jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '1s'
as $$
declare
  v_call record;
  v_answers jsonb := '[]';
  v_answer jsonb;
  v_detail text;
  v_hint text;
  v_user_id text;
  v_products bigint;
begin
  select min(c.user_id), count(distinct m.product) into v_user_id, v_products
  from jsonb_to_recordset(p_charges) as c (user_id text, field text)
  join tollgate.catalog_meters m on m.field = c.field;
  if v_products > 1 then
    begin
      perform tollgate.lock_user(v_user_id);
    exception when sqlstate 'TG400' then
      -- A bad user id: each call fails alone, below.
    end;
  end if;
  for v_call in
    select min(c.user_id) as user_id, array_agg(c.field order by c.position) as fields,
      array_agg(c.amount order by c.position) as amounts, min(c.key) as key,
      coalesce(bool_or(c.by_session), false) as by_session
    from rows from (jsonb_to_recordset(p_charges)
      as (call integer, user_id text, field text, amount bigint, key text, by_session boolean))
      with ordinality as c (call, user_id, field, amount, key, by_session, position)
    group by c.call
    order by c.call
  loop
    begin
      v_answer := tollgate.charge_usage(v_call.user_id, v_call.fields, v_call.amounts, v_call.key, v_call.by_session);
    exception when sqlstate 'TG400' or sqlstate 'TG404' or sqlstate 'TG409' then
      get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
      v_answer := jsonb_build_object('error', jsonb_build_object(
        'code', sqlstate, 'message', sqlerrm, 'detail', v_detail, 'hint', v_hint));
    end;
    v_answers := v_answers || jsonb_build_array(v_answer);
  end loop;
  perform tollgate.assert_deadline();
  return v_answers;
end;
$$;

comment on function tollgate.consume_sequential(jsonb) is 'Evaluates calls of one user, one after the other.';
