-- Called by every function that works on several products of one user, before it locks any other row. Creates the users row
-- if it is missing and locks it `for update`. Until the transaction ends no other one can create a row that refers to the
-- user, since its foreign key needs `for key share`.
-- Locks: the users row. Errors: TG400 bad user id.
create or replace function tollgate.lock_user(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
begin
  loop
    perform from tollgate.users u where u.user_id = p_user_id for update;
    exit when found;
    perform tollgate.ensure_user(p_user_id, null, null);
  end loop;
end;
$$;

comment on function tollgate.lock_user(text) is 'Locks a users row, before all products of the user.';
