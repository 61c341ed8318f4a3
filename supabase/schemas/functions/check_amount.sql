-- Called by every function that takes an amount from outside. Errors: TG400 for anything but a whole number in the range
-- that JSON can carry.
create or replace function tollgate.check_amount(p_amount bigint, p_least bigint default 1) returns void
language plpgsql immutable set search_path = ''
as $$
begin
  if p_amount is null or p_amount < p_least or p_amount > 9007199254740991 then
    raise exception 'An amount is a whole number from % to 9007199254740991.', p_least
      using errcode = 'TG400', detail = 'amount';
  end if;
end;
$$;

comment on function tollgate.check_amount(bigint, bigint) is 'Refuses an amount that cannot be counted.';
