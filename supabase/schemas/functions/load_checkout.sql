-- Called on the way back from a checkout. null where this user has no such checkout.
create or replace function public.load_checkout(p_user_id text, p_checkout_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select public.checkout_view(c) from public.checkouts c
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id;
$$;

comment on function public.load_checkout(text, uuid) is 'One of a users own checkouts.';
revoke all on function public.load_checkout(text, uuid) from public, anon, authenticated;
grant execute on function public.load_checkout(text, uuid) to service_role;
