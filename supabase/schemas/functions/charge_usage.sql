-- Called by check_and_increment_usage and consume_sequential. Counts several fields of one product, all or nothing.
-- With a key, the first allowed verdicts are stored and returned again while their charge is in effect in full. A denied
-- call stores nothing and is evaluated anew. Keys of sessions (p_by_session) and keys of services are two namespaces.
-- Atomic: the limit is checked and the ledger written under the row's lock. Locks: the subscriptions row and its counters,
-- unless the counters as read deny the call: a user at the limit costs no write.
-- Errors: TG400 bad amount, unknown field, a gauge, fields of two products; TG409 the key names a charge in effect of
-- another request.
create or replace function tollgate.charge_usage(
  p_user_id text,
  p_fields text[],
  p_amounts bigint[],
  p_idempotency_key text default null,
  p_by_session boolean default false
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('fields', p_fields, 'amounts', p_amounts);
  v_known jsonb;
  v_product text;
  v_meter tollgate.catalog_meters;
  v_lock record;
  v_counters tollgate.usage_counters[];
  v_charge record;
begin
  if cardinality(p_fields) is distinct from cardinality(p_amounts) or coalesce(cardinality(p_fields), 0) = 0
    or (select count(distinct f.name) from unnest(p_fields) as f (name)) <> cardinality(p_fields) then
    raise exception 'Each field is counted once, with its amount.' using errcode = 'TG400', detail = 'field';
  end if;
  for i in 1 .. cardinality(p_fields) loop
    v_meter := tollgate.counter_of(p_fields[i]);
    if v_product <> v_meter.product then
      raise exception 'Fields of two products cannot be counted together.' using errcode = 'TG400', detail = 'field';
    end if;
    v_product := v_meter.product;
    perform tollgate.check_amount(p_amounts[i]);
  end loop;

  v_counters := tollgate.counters_of(p_user_id, p_fields);
  if cardinality(v_counters) = cardinality(p_fields) and not tollgate.has_capacity(v_counters, p_amounts)
    and tollgate.counters_are_current(v_counters) then
    v_known := tollgate.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request, p_by_session);
    return coalesce(v_known, tollgate.denied_verdicts(v_counters, p_amounts));
  end if;

  v_lock := tollgate.lock_subscription(p_user_id, v_product);
  v_counters := tollgate.counters_of(p_user_id, p_fields);
  v_known := tollgate.known_verdict(p_user_id, 'consume', p_idempotency_key, v_request, p_by_session);
  if v_known is not null then
    return v_known;
  elsif not tollgate.has_capacity(v_counters, p_amounts) then
    return tollgate.denied_verdicts(v_counters, p_amounts);
  end if;

  v_charge := tollgate.write_charge(v_counters, p_amounts, p_idempotency_key, v_lock.now_at);
  select jsonb_agg(tollgate.verdict(c, true) order by array_position(p_fields, c.field)) into v_known
  from unnest(v_charge.charged) as c;
  if p_idempotency_key is not null then
    perform tollgate.store_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_known,
      v_charge.charged_at, v_charge.entries, p_by_session => p_by_session);
  end if;
  return v_known;
end;
$$;

comment on function tollgate.charge_usage(text, text[], bigint[], text, boolean) is 'Counts several fields of one product, all or nothing; one verdict per field.';
