-- Called by functions that find due rows by an index on the real time: the users whose time differs from it, since the
-- sandbox has moved their clocks. A database without the sandbox's tables has none.
create or replace function tollgate.moved_clocks() returns setof text
language plpgsql stable rows 10 set search_path = ''
as $$
begin
  if to_regclass('tollgate.sandbox_clocks') is not null then
    return query select c.user_id from tollgate.sandbox_clocks c;
  end if;
end;
$$;

comment on function tollgate.moved_clocks() is 'Users whose clock the sandbox has moved.';
