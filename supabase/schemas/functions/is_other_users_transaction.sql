-- Called by the page that opens Paddle's checkout: whether our server made this transaction for another user. The answer is
-- only yes or no, so that the page cannot reveal the user. No for a transaction that our server has not made, such as a
-- renewal's.
create or replace function tollgate.is_other_users_transaction(
  p_user_id text,
  p_processor text,
  p_transaction_id text
) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('other', exists (
    select from tollgate.links l
    where l.processor = p_processor and l.kind = 'transaction' and l.external_id = p_transaction_id
      and l.user_id <> p_user_id));
$$;

comment on function tollgate.is_other_users_transaction(text, text, text) is 'Whether our server made a transaction for another user.';
