-- The time it is for a user: the database's clock, floored to the millisecond, plus the user's moved clock in the
-- sandbox. clock_timestamp, not now(): a caller that waited for a row's lock must not decide by the time it began to wait.
create or replace function tollgate.now_for(p_user_id text) returns timestamptz
language sql volatile set search_path = ''
as $$
  select date_trunc('milliseconds', clock_timestamp())
    + coalesce(tollgate.clock_shift(p_user_id), interval '0');
$$;

comment on function tollgate.now_for(text) is 'The database clock in milliseconds, plus the users sandbox shift.';
