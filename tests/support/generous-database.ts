/** The database's own deadlines, made so generous that a busy machine never reaches them. */
import type pg from "pg";

/** Every function's lock_timeout, and the time that an answer of the gate may take. */
const GENEROUS = `
  do $$
  declare
    v_function regprocedure;
  begin
    for v_function in
      select p.oid from pg_proc p, unnest(p.proconfig) as setting where setting like 'lock_timeout=%'
    loop
      execute format('alter function %s set lock_timeout = ''1h''', v_function);
    end loop;
    if to_regprocedure('tollgate.assert_deadline()') is null then
      raise exception 'There is no assert_deadline: tests/support/generous-database.ts replaces it.';
    end if;
  end
  $$;
  create or replace function tollgate.assert_deadline() returns void
  language sql volatile set search_path = '' as 'select';
`;

export async function makeGenerous(client: pg.Client): Promise<void> {
  await client.query(GENEROUS);
}
