-- Called before a checkout and a new account. Counts one attempt: at most p_limit in p_seconds for the scope and key.
-- Returns {allowed, retry_after}. Atomicity and locks: as count_attempts.
create or replace function tollgate.count_attempt(p_scope text, p_key text, p_limit integer, p_seconds integer)
returns jsonb
language sql set search_path = '' set lock_timeout = '500ms'
as $$
  select tollgate.count_attempts(jsonb_build_array(jsonb_build_object(
    'scope', p_scope, 'key', p_key, 'attempts', p_limit, 'seconds', p_seconds))) - 'counted';
$$;

comment on function tollgate.count_attempt(text, text, integer, integer) is 'Counts an attempt, or refuses it and counts nothing.';
