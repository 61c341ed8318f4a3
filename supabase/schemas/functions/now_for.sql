-- The time of a user: the database's clock, floored to the millisecond, plus the shift of the user's clock in the sandbox.
-- It reads clock_timestamp and not now(), since a caller may have waited for a row's lock.
create or replace function tollgate.now_for(p_user_id text) returns timestamptz
language plpgsql volatile set search_path = ''
as $$
begin
  -- Without "select", so that it is an expression and no statement.
  return date_trunc('milliseconds', clock_timestamp()) + coalesce(tollgate.clock_shift(p_user_id), interval '0');
end;
$$;

comment on function tollgate.now_for(text) is 'The database clock in milliseconds, plus the user''s sandbox shift.';
