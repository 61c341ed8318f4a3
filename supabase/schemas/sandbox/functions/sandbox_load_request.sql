-- Called by the sandbox for a request with an idempotency key: its earlier answer, or null. `at` is by the clock of the
-- account. The sandbox compares it with that clock, because a key is valid for a day.
create or replace function tollgate.sandbox_load_request(p_processor text, p_key text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fingerprint', r.fingerprint, 'status', r.status, 'body', r.body::text,
    'at', tollgate.instant_text(r.created_at))
  from tollgate.sandbox_requests r
  where r.processor = p_processor and r.idempotency_key = p_key;
$$;

comment on function tollgate.sandbox_load_request(text, text) is 'The answer that was given under an idempotency key.';
