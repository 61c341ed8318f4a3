-- Called last by the functions of the gate. After this time the caller has answered 503 already. The error undoes the
-- charge, so a 503 never counts. Errors: 57014.
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
