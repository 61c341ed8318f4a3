-- Called by every function that writes a row which refers to users, before it locks any other row: makes the users row if
-- it is missing and locks it `for key share`. Until the transaction ends no erasure begins; an erasure under way is waited
-- for, and the row is then made anew, so that what follows belongs to the account's next life.
-- Locks: the users row. Errors: TG400 bad user id.
create or replace function tollgate.hold_user(p_user_id text) returns void
language plpgsql set search_path = ''
as $$
begin
  loop
    perform from tollgate.users u where u.user_id = p_user_id for key share;
    exit when found;
    perform tollgate.ensure_user(p_user_id, null, null);
  end loop;
end;
$$;

comment on function tollgate.hold_user(text) is 'Keeps a user from being erased until the transaction ends.';
