-- The page of Paddle's checkout says if a payment is for another account.
-- Called by the page that opens Paddle's checkout: did our server make this transaction for another user? The answer is only
-- yes or no, so that the page cannot show whose it is. No for a transaction that our server has not made, such as a renewal's.
create or replace function public.is_anothers_transaction(
  p_user_id text,
  p_processor text,
  p_transaction_id text
) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('anothers', exists (
    select from public.links l
    where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id
      and l.user_id <> p_user_id));
$$;

comment on function public.is_anothers_transaction(text, text, text) is 'Whether our server made a transaction for another user.';
revoke all on function public.is_anothers_transaction(text, text, text) from public, anon, authenticated;
grant execute on function public.is_anothers_transaction(text, text, text) to service_role;
