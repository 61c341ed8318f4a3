-- Called by the job that ends purchases which were paid twice, before it ends one and when that is done. Answers if anything
-- was used while its subscription gave the plan: then there is no refund.
create or replace function public.mark_duplicate_checkout(p_user_id text, p_checkout_id uuid, p_duplicate text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout public.checkouts;
begin
  update public.checkouts c set duplicate = p_duplicate, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id
  returning * into v_checkout;
  return jsonb_build_object('used', public.subscription_used(
    v_checkout.user_id, v_checkout.product, v_checkout.processor || ':' || v_checkout.subscription_id));
end;
$$;

comment on function public.mark_duplicate_checkout(text, uuid, text) is 'Stores what is done about a checkout that was paid beside another.';
revoke all on function public.mark_duplicate_checkout(text, uuid, text) from public, anon, authenticated;
grant execute on function public.mark_duplicate_checkout(text, uuid, text) to service_role;
