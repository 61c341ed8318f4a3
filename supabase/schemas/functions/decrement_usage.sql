-- Called by POST /api/usage/release (service key only) and, over rpc, by anyone with the service role.
-- Gives back what failed, in the current window, never below 0. The latest charges come first: one negative ledger row per
-- charge, at most the rest of the charge, with its time and key, and the key is free then. Among charges of one instant
-- those without a key come first. A charge from before the window, which its opening carries over, is given back by a row of
-- now: its own window has its own count. Units that no ledger row covers are given back by a row of now without a key.
-- Locks: the subscriptions row. Errors: TG400 bad amount, unknown field, a gauge.
create or replace function public.decrement_usage(p_user_id text, p_field text, p_amount bigint default 1) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_meter public.catalog_meters := public.counter_of(p_field);
  v_lock record;
  v_row public.subscriptions;
  v_given bigint;
  v_since timestamptz;
  v_at timestamptz;
begin
  perform public.check_amount(p_amount);
  v_lock := public.lock_subscription(p_user_id, v_meter.product);
  v_row := v_lock.locked;
  v_given := least(p_amount, greatest(0, (v_row.usage ->> p_field)::bigint));
  if v_given > 0 then
    update public.subscriptions s
    set usage = s.usage || jsonb_build_object(p_field, (s.usage ->> p_field)::bigint - v_given),
      updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = v_meter.product
    returning * into v_row;
    v_since := public.counts_since(v_row);
    v_at := greatest(v_lock.now_at, v_row.window_start);
    with latest as materialized (
      select l.at, l.entry, l.idempotency_key as key, l.amount - l.given_back as rest
      from public.usage_ledger l
      where l.user_id = p_user_id and l.field = p_field and l.amount > l.given_back
      order by l.at desc, l.idempotency_key is null desc, l.entry desc
      -- Each has a rest of at least one unit: more charges are never needed.
      limit v_given
    ),
    taken as materialized (
      select c.at, c.entry, c.key, least(c.rest, v_given - c.before) as amount
      from (
        select l.*, sum(l.rest) over (order by l.at desc, l.key is null desc, l.entry desc) - l.rest as before
        from latest l
      ) c
      where c.before < v_given
    ),
    marked as (
      update public.usage_ledger l set given_back = l.given_back + t.amount
      from taken t
      where l.user_id = p_user_id and l.field = p_field and l.at = t.at and l.entry = t.entry
    ),
    freed as (
      update public.idempotency_keys k set reversed = true
      from taken t
      where k.user_id = p_user_id and k.operation = 'consume' and k.key = t.key and not k.reversed
        and case when k.entries is null then k.charged_at <= t.at else t.entry = any (k.entries) end
    )
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select p_user_id, v_meter.product, p_field, case when t.at >= v_since then t.at else v_at end, -t.amount, t.key
    from taken t
    union all
    select p_user_id, v_meter.product, p_field, v_at, -(v_given - t.amount), null
    from (select coalesce(sum(c.amount), 0) as amount from taken c) t
    where t.amount < v_given;
  end if;
  return public.verdict(v_row, p_field, true) || jsonb_build_object('given_back', v_given);
end;
$$;

comment on function public.decrement_usage(text, text, bigint) is 'Gives back an amount of a field in the current window, never below 0.';
revoke all on function public.decrement_usage(text, text, bigint) from public, anon, authenticated;
grant execute on function public.decrement_usage(text, text, bigint) to service_role;
