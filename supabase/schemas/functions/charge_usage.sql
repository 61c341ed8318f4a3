-- Called by check_and_increment_usage and consume_together. Counts several fields of one product, all or nothing.
-- Atomic: the row's lock is held from the look at the limit to the ledger's rows. Locks: the subscriptions row.
-- With a key, the first allowed verdicts are stored and given again; a refused call stores nothing and is judged anew.
-- Errors: TG400 bad amount, unknown field, a gauge, fields of two products; TG409 the key was used for another request.
create or replace function public.charge_usage(
  p_user_id text,
  p_fields text[],
  p_amounts bigint[],
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('fields', p_fields, 'amounts', p_amounts);
  v_known public.idempotency_keys;
  v_product text;
  v_meter public.catalog_meters;
  v_lock record;
  v_row public.subscriptions;
  v_state record;
  v_allowed boolean := true;
  v_verdicts jsonb := '[]';
  v_usage jsonb;
begin
  if cardinality(p_fields) is distinct from cardinality(p_amounts) or coalesce(cardinality(p_fields), 0) = 0
    or (select count(distinct f.name) from unnest(p_fields) as f (name)) <> cardinality(p_fields) then
    raise exception 'Each field is counted once, with its amount.' using errcode = 'TG400', detail = 'field';
  end if;
  for i in 1 .. cardinality(p_fields) loop
    v_meter := public.meter_of(p_fields[i]);
    if v_meter.kind = 'gauge' then
      raise exception '"%" follows the things that exist and is never counted by hand.', v_meter.field
        using errcode = 'TG400', detail = 'field', hint = 'field_is_gauge';
    end if;
    if v_product <> v_meter.product then
      raise exception 'Fields of two products cannot be counted together.' using errcode = 'TG400', detail = 'field';
    end if;
    v_product := v_meter.product;
    if p_amounts[i] is null or p_amounts[i] < 1 or p_amounts[i] > 9007199254740991 then
      raise exception 'An amount is a whole number from 1 to 9007199254740991.' using errcode = 'TG400', detail = 'amount';
    end if;
  end loop;

  v_lock := public.lock_subscription(p_user_id, v_product);
  v_row := v_lock.locked;

  if p_idempotency_key is not null then
    select * into v_known from public.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_idempotency_key;
    if found and v_known.request <> v_request then
      raise exception 'This idempotency key was used for another request.'
        using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
    elsif found then
      return v_known.verdict;
    end if;
  end if;

  v_usage := v_row.usage;
  for i in 1 .. cardinality(p_fields) loop
    v_state := public.meter_state(v_row, p_fields[i]);
    v_allowed := v_allowed and p_amounts[i] <= v_state.remaining;
    v_usage := v_usage || jsonb_build_object(p_fields[i], v_state.used + p_amounts[i]);
  end loop;

  if v_allowed then
    update public.subscriptions s set usage = v_usage, updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = v_product
    returning * into v_row;
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select p_user_id, v_product, c.field, greatest(v_lock.now_at, v_row.window_start), c.amount, p_idempotency_key
    from unnest(p_fields, p_amounts) as c (field, amount);
  end if;

  for i in 1 .. cardinality(p_fields) loop
    v_state := public.meter_state(v_row, p_fields[i]);
    v_verdicts := v_verdicts || (public.verdict(v_row, p_fields[i], v_allowed) || case
      when v_allowed then '{}'::jsonb
      -- The other field's limit stood in the way, not this one's.
      when p_amounts[i] <= v_state.remaining then '{"reason": "limit_reached_elsewhere"}'
      -- Paying would let it pass.
      when p_amounts[i] <= v_state.remaining + v_state.unpaid_held then '{"reason": "payment_pending"}'
      else '{}' end);
  end loop;

  if v_allowed and p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'consume', p_idempotency_key, v_request, v_verdicts, v_lock.now_at);
  end if;
  return v_verdicts;
end;
$$;

comment on function public.charge_usage(text, text[], bigint[], text) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.charge_usage(text, text[], bigint[], text) from public, anon, authenticated;
grant execute on function public.charge_usage(text, text[], bigint[], text) to service_role;
