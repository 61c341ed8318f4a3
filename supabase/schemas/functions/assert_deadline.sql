-- Called last by the functions of the gate. A caller who waited this long for the answer has been told 503: what was
-- counted since the statement came is undone, so that a 503 never counts. Errors: 57014.
create or replace function tollgate.assert_deadline() returns void
language plpgsql volatile set search_path = ''
as $$
begin
  if clock_timestamp() - statement_timestamp() > interval '1400 milliseconds' then
    raise exception 'The answer came too late.' using errcode = '57014';
  end if;
end;
$$;

comment on function tollgate.assert_deadline() is 'Undoes a statement that took longer than its caller waits.';
