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
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_lock record := public.lock_subscription(p_user_id, v_meter.product);
  v_charge record;
  v_current boolean;
  v_used bigint;
  v_given bigint;
  v_row public.subscriptions := v_lock.locked;
  v_result jsonb := public.known_verdict(p_user_id, 'release', p_idempotency_key, v_request);
begin
  if v_result is not null then
    return v_result;
  end if;
  perform public.check_amount(p_amount);

  if p_of is null then
    v_result := public.decrement_usage(p_user_id, p_field, p_amount);
  else
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
    v_current := public.counts_now(v_row, v_charge.at);
    v_used := case when v_current then (v_row.usage ->> p_field)::bigint
      else (select u.used from public.used_at(v_row, p_field, v_charge.at) u) end;
    v_given := greatest(0, least(p_amount, v_charge.left_over, v_used));
    if v_given > 0 then
      insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      values (p_user_id, v_meter.product, p_field, v_charge.at, -v_given, p_of);
    end if;
    if v_given > 0 and v_current then
      update public.subscriptions s
      set usage = s.usage || jsonb_build_object(p_field, v_used - v_given), updated_at = v_lock.now_at
      where s.user_id = p_user_id and s.product = v_meter.product
      returning * into v_row;
    elsif v_given > 0 then
      v_row := public.recount_after(v_row, v_charge.at, v_lock.now_at);
    end if;
    v_result := public.verdict(v_row, p_field, true) || jsonb_build_object('given_back', v_given);
  end if;

  if p_idempotency_key is not null then
    perform public.remember_verdict(p_user_id, 'release', p_idempotency_key, v_request, v_result, v_lock.now_at);
  end if;
  perform public.answer_in_time();
  return v_result;
end;
$$;

comment on function public.release_usage(text, text, bigint, text, text) is 'Gives back an amount of a field, in the window of the charge it names.';
revoke all on function public.release_usage(text, text, bigint, text, text) from public, anon, authenticated;
grant execute on function public.release_usage(text, text, bigint, text, text) to service_role;
