-- Called by every function that takes an idempotency key, under the row's lock or before a denial. Returns the verdict
-- stored with the key. Returns null if there is none, or if the key is free because some of its charge was given back.
-- A free key accepts any request. A session's keys (p_by_session) are apart from a service's.
-- Errors: TG409 the key names a charge in effect of another request.
create or replace function tollgate.known_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_by_session boolean default false
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_known tollgate.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  select * into v_known from tollgate.idempotency_keys k
  where k.user_id = p_user_id and k.operation = p_operation and k.key = p_key and k.by_session = p_by_session;
  if not found or v_known.reversed then
    return null;
  elsif v_known.request <> p_request then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
  return v_known.verdict;
end;
$$;

comment on function tollgate.known_verdict(text, text, text, jsonb, boolean) is 'The stored verdict of a retry.';
