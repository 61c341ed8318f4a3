-- Called by the job that ends purchases which were paid twice, before it ends one and when that is done. Returns whether
-- anything was used while its subscription gave the plan: then there is no refund.
create or replace function tollgate.mark_duplicate_checkout(p_user_id text, p_checkout_id uuid, p_duplicate text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout tollgate.checkouts;
begin
  update tollgate.checkouts c set duplicate = p_duplicate, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
  returning * into v_checkout;
  return jsonb_build_object('used', tollgate.subscription_used(
    v_checkout.user_id, v_checkout.product, v_checkout.processor || ':' || v_checkout.subscription_id));
end;
$$;

comment on function tollgate.mark_duplicate_checkout(text, uuid, text) is 'Stores the treatment of a checkout that was paid beside another subscription.';
