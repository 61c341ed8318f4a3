-- Called by charge_usage, release_usage and reserve_usage, under the row's lock, for an allowed call that named a key.
-- Errors: TG400 a key that is empty or longer than 255 characters; TG409 the same key at the same time for another
-- product, whose row's lock did not hold us back: everything this call did is undone with it.
create or replace function public.remember_verdict(
  p_user_id text,
  p_operation text,
  p_key text,
  p_request jsonb,
  p_verdict jsonb,
  p_charged_at timestamptz
) returns void
language plpgsql set search_path = ''
as $$
begin
  if length(p_key) not between 1 and 255 then
    raise exception 'An idempotency key has 1 to 255 characters.' using errcode = 'TG400', detail = 'idempotencyKey';
  end if;
  insert into public.idempotency_keys (user_id, operation, key, request, verdict, charged_at)
  values (p_user_id, p_operation, p_key, p_request, p_verdict, p_charged_at);
exception when unique_violation then
  raise exception 'This idempotency key was used for another request.'
    using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
end;
$$;

comment on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz) is 'Stores an allowed verdict by the callers key.';
revoke all on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz) from public, anon, authenticated;
grant execute on function public.remember_verdict(text, text, text, jsonb, jsonb, timestamptz) to service_role;
