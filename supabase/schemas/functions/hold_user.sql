-- Called by every function that writes a row which refers to users, before it locks any other row. Creates the users row if
-- it is missing and locks it `for key share`. No erasure begins until the transaction ends. During an erasure it waits and
-- then creates the row again, so the later rows belong to the new account.
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

comment on function tollgate.hold_user(text) is 'Prevents the erasure of a user until the transaction ends.';
