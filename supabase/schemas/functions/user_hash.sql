-- Called by erase_account and restore_erased: the key of a tombstone.
create or replace function tollgate.user_hash(p_user_id text) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select encode(sha256(convert_to(p_user_id, 'UTF8')), 'hex');
$$;

comment on function tollgate.user_hash(text) is 'SHA-256 of a user id, in hex.';
