-- Called after an attempt that did not fail: subtracts the counts of count_attempts ("counted" of its answer). If a window
-- has ended meanwhile, the next one stays unchanged, since the attempt was not counted in it.
-- Atomic. Locks: the rows of the keys, in the order in which they were counted.
create or replace function tollgate.return_attempts(p_counted jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_counted record;
  v_returned integer := 0;
begin
  for v_counted in
    select c.* from rows from (jsonb_to_recordset(p_counted) as (scope text, key text, resets_at timestamptz))
      with ordinality as c (scope, key, resets_at, place)
    order by c.place
  loop
    update tollgate.rate_limits r set hits = r.hits - 1
    where r.scope = v_counted.scope and r.key = v_counted.key and r.resets_at = v_counted.resets_at and r.hits > 0;
    if found then
      v_returned := v_returned + 1;
    end if;
  end loop;
  return jsonb_build_object('returned', v_returned);
end;
$$;

comment on function tollgate.return_attempts(jsonb) is 'Subtracts attempts that did not fail.';
