-- Called by POST /api/usage/release. Gives back what failed: with p_of, in the window of the charge that carried that
-- consume key, and no more than it charged; else in the current window. With a key of its own a retry gives back once.
-- Locks: the subscriptions row. Errors: decrement_usage's; TG404 no such charge; TG409 the key was used differently.
create or replace function public.release_usage(
  p_user_id text,
  p_field text,
  p_amount bigint default 1,
  p_of text default null,
  p_idempotency_key text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_request jsonb := jsonb_build_object('field', p_field, 'amount', p_amount, 'of', p_of);
  v_meter public.catalog_meters := public.meter_of(p_field);
  v_lock record := public.lock_subscription(p_user_id, v_meter.product);
  v_known public.idempotency_keys;
  v_charge record;
  v_segment public.entitlement_segments;
  v_used bigint;
  v_row public.subscriptions;
  v_result jsonb;
begin
  if p_idempotency_key is not null then
    select * into v_known from public.idempotency_keys k
    where k.user_id = p_user_id and k.operation = 'release' and k.key = p_idempotency_key;
    if found and v_known.request <> v_request then
      raise exception 'This idempotency key was used for another request.'
        using errcode = 'TG409', detail = 'idempotencyKey', hint = 'key_reused';
    elsif found then
      return v_known.verdict;
    end if;
  end if;

  if p_of is null then
    v_result := public.decrement_usage(p_user_id, p_field, p_amount);
  else
    if p_amount is null or p_amount < 1 or p_amount > 9007199254740991 then
      raise exception 'An amount is a whole number from 1 to 9007199254740991.'
        using errcode = 'TG400', detail = 'amount';
    end if;
    -- The charge and what was given back of it carry the same key and the same time.
    select l.at, sum(l.amount) as left_over into v_charge
    from public.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.idempotency_key = p_of
      and l.at >= (
        select k.charged_at from public.idempotency_keys k
        where k.user_id = p_user_id and k.operation = 'consume' and k.key = p_of)
    group by l.at;
    if not found then
      raise exception 'No charge with this key is known.' using errcode = 'TG404', detail = 'of', hint = 'charge_not_found';
    end if;
    -- No more than is left of the charge, and of its window: what was given back without naming a charge is gone.
    v_segment := public.segment_at(p_user_id, v_meter.product, v_charge.at);
    select (public.window_used(p_user_id, v_meter.product, v_segment.source, v_segment.period_start, w.window_start,
      w.counts_until, 'infinity') ->> p_field)::bigint into v_used
    from public.window_at(v_segment.cadence, v_segment.anchor, v_segment.period_end, v_charge.at) w;
    v_result := jsonb_build_object('given_back', greatest(0, least(p_amount, v_charge.left_over, v_used)));
    if (v_result ->> 'given_back')::bigint > 0 then
      insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      values (p_user_id, v_meter.product, p_field, v_charge.at, -(v_result ->> 'given_back')::bigint, p_of);
    end if;
    -- What later windows started from may have changed with it.
    update public.usage_windows w set opening = null, forgiven = null, unpaid_held = null
    where w.user_id = p_user_id and w.product = v_meter.product and w.opened_at > v_charge.at;
    v_row := public.turn_window(p_user_id, v_meter.product, v_lock.now_at);
    v_result := public.verdict(v_row, p_field, true) || v_result;
  end if;

  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'release', p_idempotency_key, v_request, v_result, v_lock.now_at);
  end if;
  return v_result;
end;
$$;

comment on function public.release_usage(text, text, bigint, text, text) is 'Gives back an amount of a field, in the window of the charge it names.';
revoke all on function public.release_usage(text, text, bigint, text, text) from public, anon, authenticated;
grant execute on function public.release_usage(text, text, bigint, text, text) to service_role;
