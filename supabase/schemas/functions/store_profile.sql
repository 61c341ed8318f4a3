-- Called after a request is answered, for its user: stores the e-mail and name that the identity provider knows. An erasure
-- may have happened since the request. For a minute after an erasure it stores nothing and returns null.
-- Locks: the users row, if there is one. Errors: as ensure_user.
create or replace function tollgate.store_profile(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
begin
  -- Waits for an erasure.
  perform from tollgate.users u where u.user_id = p_user_id for key share;
  if not found then
    -- A separate statement after the one above: it sees the tombstone of an erasure that has just deleted the row.
    if exists (
      select from tollgate.erased_accounts e
      where e.user_hash = tollgate.user_hash(p_user_id) and e.erased_at > clock_timestamp() - interval '1 minute'
    ) then
      return null;
    end if;
  end if;
  return tollgate.ensure_user(p_user_id, p_email, p_name);
end;
$$;

comment on function tollgate.store_profile(text, text, text) is 'Stores e-mail and name of a user, unless the account was just erased.';
