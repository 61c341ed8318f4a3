-- Called for the time of a user: how far the sandbox has moved the user's clock; null if it has not. A database without the
-- sandbox's tables returns null for every user.
create or replace function tollgate.clock_shift(p_user_id text) returns interval
language plpgsql stable set search_path = ''
as $$
begin
  if to_regclass('tollgate.sandbox_clocks') is null then
    return null;
  end if;
  return (select c.shift from tollgate.sandbox_clocks c where c.user_id = p_user_id);
end;
$$;

comment on function tollgate.clock_shift(text) is 'How far the sandbox has moved a user''s clock.';
