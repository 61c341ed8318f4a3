-- Called after a request is answered, for its user: stores the e-mail and the name that the identity provider knows.
-- A request that was answered before an erasure may come here after it: for a minute after an erasure it stores nothing
-- and answers null. Locks: the users row, if there is one. Errors: as ensure_user.
create or replace function tollgate.store_profile(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
begin
  -- An erasure under way is waited for.
  perform from tollgate.users u where u.user_id = p_user_id for key share;
  if not found then
    -- A statement of its own, after the one above: it sees the tombstone of an erasure that has just removed the row.
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

comment on function tollgate.store_profile(text, text, text) is 'Stores what is known of a user, unless the account was just erased.';
