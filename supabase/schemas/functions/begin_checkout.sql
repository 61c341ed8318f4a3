-- Called by POST /api/checkout before the processor is asked. Runs under the lock of the subscriptions row, so one of
-- several concurrent requests begins, for any plan and processor. Returns one of:
--   {outcome: subscribed, subscription: {…}}  a subscription exists: the user changes it instead
--   {outcome: busy}                            another request is asking the processor
--   {outcome: open, checkout}                  a checkout is open, or paid with its webhook outstanding: the caller asks the
--                                               processor, and returns it or closes it first
--   {outcome: begun, checkout}                 this caller asks the processor
-- A request that dies before the processor's answer blocks others for two minutes. No user has its checkout's address.
-- Locks: the users row (hold_user), then the subscriptions row. Errors: TG404 unknown product.
create or replace function tollgate.begin_checkout(
  p_user_id text,
  p_product text,
  p_plan text,
  p_interval text,
  p_processor text,
  p_trial boolean,
  p_code text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_row tollgate.subscriptions;
  v_record tollgate.subscription_records;
  v_checkout tollgate.checkouts;
begin
  perform tollgate.hold_user(p_user_id);
  v_row := (tollgate.lock_subscription(p_user_id, p_product)).locked;

  select * into v_record from tollgate.subscription_records m
  where m.user_id = p_user_id and m.product = p_product
    and m.ended_at is null and m.status not in ('canceled', 'incomplete_expired')
  order by (m.source = v_row.source) desc, m.updated_at desc
  limit 1;
  if found then
    return jsonb_build_object('outcome', 'subscribed', 'subscription', jsonb_build_object(
      'processor', v_record.processor,
      'id', v_record.subscription_id,
      'plan', v_record.plan,
      'status', v_record.status,
      'in_force', v_record.source = v_row.source));
  end if;

  update tollgate.checkouts c set status = 'closed', updated_at = now()
  where c.user_id = p_user_id and c.product = p_product and c.status = 'opening'
    and c.created_at < now() - interval '2 minutes';
  select * into v_checkout from tollgate.checkouts c
  where c.user_id = p_user_id and c.product = p_product
    and (c.status in ('opening', 'open')
      -- Paid, and its subscription's webhook is outstanding: no other checkout may open.
      or (c.status = 'paid' and not exists (
        select from tollgate.subscription_records m
        where m.user_id = c.user_id and m.product = c.product and m.subscription_id = c.subscription_id)))
  limit 1;
  if found then
    return case v_checkout.status
      when 'opening' then jsonb_build_object('outcome', 'busy')
      else jsonb_build_object('outcome', 'open', 'checkout', tollgate.checkout_view(v_checkout)) end;
  end if;

  insert into tollgate.checkouts (user_id, product, plan, billing_interval, processor, trial, code)
  values (p_user_id, p_product, p_plan, p_interval, p_processor, p_trial, p_code)
  returning * into v_checkout;
  return jsonb_build_object('outcome', 'begun', 'checkout', tollgate.checkout_view(v_checkout));
end;
$$;

comment on function tollgate.begin_checkout(text, text, text, text, text, boolean, text) is 'Begins a purchase, one at a time per user and product.';
