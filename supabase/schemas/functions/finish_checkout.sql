-- Called by checkout and on the return from it, with the processor's answer. A paid or closed checkout stays so; its
-- subscription may be learned later. A checkout that was left open may still be paid.
create or replace function tollgate.finish_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_status text,
  p_subscription_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
begin
  update tollgate.checkouts c
  set status = p_status, subscription_id = coalesce(p_subscription_id, c.subscription_id), updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
    and (c.status in ('opening', 'open', 'left_open') or (c.status = 'paid' and p_status = 'paid'));
  return jsonb_build_object('finished', found);
end;
$$;

comment on function tollgate.finish_checkout(text, uuid, text, text) is 'Stores the outcome of a checkout.';
