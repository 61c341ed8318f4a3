-- Called by the sandbox for a request with an idempotency key: the answer it was given before, or null. `at` is by the clock of
-- the account that gave it: the sandbox compares it with the same clock, because a key is remembered for a day.
create or replace function tollgate.sandbox_load_request(p_processor text, p_key text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fingerprint', r.fingerprint, 'status', r.status, 'body', r.body::text,
    'at', tollgate.instant_text(r.created_at))
  from tollgate.sandbox_requests r
  where r.processor = p_processor and r.idempotency_key = p_key;
$$;

comment on function tollgate.sandbox_load_request(text, text) is 'The answer that was given under an idempotency key.';
