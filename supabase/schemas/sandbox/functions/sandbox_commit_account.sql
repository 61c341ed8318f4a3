-- Called by the sandbox after each step of an account. Writes all or nothing: the account's state, its new ids, its
-- emitted events, and the answer under the request's idempotency key. A p_revision of 0 creates the account. An answer
-- older than a day by the account's clock is replaced.
-- The answer {committed: false} means that another step came first or the key has been used. Nothing is stored then;
-- the caller loads and tries again.
-- Locks: the account's row.
create or replace function tollgate.sandbox_commit_account(
  p_processor text,
  p_account_id text,
  p_revision bigint,
  p_user_id text,
  p_state jsonb,
  p_due_at timestamptz,
  p_as_of timestamptz,
  p_objects jsonb,
  p_events jsonb,
  p_request jsonb
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  -- A conflict undoes this block.
  begin
    if p_revision = 0 then
      insert into tollgate.sandbox_accounts (processor, account_id, user_id, state, due_at, as_of)
      values (p_processor, p_account_id, p_user_id, p_state, p_due_at, p_as_of);
    else
      update tollgate.sandbox_accounts a
      set state = p_state, user_id = coalesce(a.user_id, p_user_id), due_at = p_due_at, revision = a.revision + 1,
        as_of = greatest(a.as_of, p_as_of)
      where a.processor = p_processor and a.account_id = p_account_id and a.revision = p_revision;
      if not found then
        return jsonb_build_object('committed', false);
      end if;
    end if;

    insert into tollgate.sandbox_objects (processor, object_id, account_id)
    select p_processor, o.id, p_account_id from jsonb_array_elements_text(p_objects) as o (id);

    insert into tollgate.sandbox_events (processor, event_id, account_id, event_type, occurred_at, raw)
    select p_processor, e.value ->> 'id', p_account_id, e.value ->> 'type', (e.value ->> 'at')::timestamptz,
      decode(e.value ->> 'raw', 'hex')
    from jsonb_array_elements(p_events) with ordinality as e (value, position)
    order by e.position;

    if p_request is not null then
      delete from tollgate.sandbox_requests r
      where r.processor = p_processor and r.idempotency_key = p_request ->> 'key'
        and r.created_at <= p_as_of - interval '24 hours';
      insert into tollgate.sandbox_requests (processor, idempotency_key, fingerprint, status, body, created_at)
      values (p_processor, p_request ->> 'key', p_request ->> 'fingerprint', (p_request ->> 'status')::integer,
        p_request -> 'body', p_as_of);
    end if;
  exception when unique_violation then
    return jsonb_build_object('committed', false);
  end;
  return jsonb_build_object('committed', true);
end;
$$;

comment on function tollgate.sandbox_commit_account(text, text, bigint, text, jsonb, timestamptz, timestamptz, jsonb, jsonb, jsonb) is 'Stores one step of a fake processor''s account.';
