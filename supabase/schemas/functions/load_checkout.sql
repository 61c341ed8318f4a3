-- Called on the return from a checkout. null if this user has no such checkout.
create or replace function tollgate.load_checkout(p_user_id text, p_checkout_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select tollgate.checkout_view(c) from tollgate.checkouts c
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id;
$$;

comment on function tollgate.load_checkout(text, uuid) is 'One of a user''s own checkouts.';
