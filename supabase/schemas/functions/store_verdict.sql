-- Called by charge_usage, release_usage, reserve_usage and write_gauge, under the row's lock, for an allowed call with a key.
-- The row of a free key is replaced: its charge was given back, or it has the answer p_replaces of an ended reservation. A
-- session's key never replaces a service's.
-- Errors: TG400 a key that is empty or longer than 255 characters. TG409 a concurrent call of another product took the
-- same key, which the row's lock does not prevent. The whole call is undone then.
create or replace function tollgate.store_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_verdict jsonb,
  p_charged_at timestamptz,
  p_entries bigint[] default null,
  p_replaces jsonb default null,
  p_by_session boolean default false
) returns void
language plpgsql set search_path = ''
as $$
begin
  if length(p_key) not between 1 and 255 then
    raise exception 'An idempotency key has 1 to 255 characters.' using errcode = 'TG400', detail = 'idempotencyKey';
  end if;
  insert into tollgate.idempotency_keys as k (user_id, operation, key, request, verdict, charged_at, entries, by_session)
  values (p_user_id, p_operation, p_key, p_request, p_verdict, p_charged_at, p_entries, p_by_session)
  on conflict (user_id, operation, key, by_session) do update
  set request = excluded.request, verdict = excluded.verdict, charged_at = excluded.charged_at,
    entries = excluded.entries, reversed = false, created_at = excluded.created_at
  where k.reversed or k.verdict = p_replaces;
  if not found then
    raise exception 'This idempotency key was used for another request.'
      using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
  end if;
end;
$$;

comment on function tollgate.store_verdict(text, text, text, jsonb, jsonb, timestamptz, bigint[], jsonb, boolean) is 'Stores an allowed verdict by the caller''s key.';
