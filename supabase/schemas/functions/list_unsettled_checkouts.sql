-- Called by the job that ends purchases which were paid twice: checkouts of users who have a subscription of that product,
-- and of which we do not know what they sold. An open one is closed, a paid one is learned. Looked at for thirty days, or
-- while the user has two subscriptions, and those come first; then the longest waiting.
create or replace function tollgate.list_unsettled_checkouts(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select c.user_id, c.checkout_id
    from tollgate.checkouts c, lateral (
      select count(*) as subscriptions from tollgate.subscription_records m
      where m.user_id = c.user_id and m.product = c.product and m.ended_at is null) living
    where c.subscription_id is null and c.status in ('open', 'left_open', 'paid')
      and c.updated_at < now() - interval '1 minute'
      and living.subscriptions >= case when c.created_at > now() - interval '30 days' then 1 else 2 end
    order by living.subscriptions > 1 desc, c.updated_at
    limit p_limit
    for update of c skip locked
  ),
  taken as (
    -- Looked at next when all others have been.
    update tollgate.checkouts c set updated_at = now()
    from due d where c.user_id = d.user_id and c.checkout_id = d.checkout_id
    returning c.*
  )
  select coalesce(jsonb_agg(tollgate.checkout_view(t) || jsonb_build_object('user_id', t.user_id)), '[]')
  from taken t;
$$;

comment on function tollgate.list_unsettled_checkouts(integer) is 'Checkouts beside a subscription that could still be paid, or were paid for something unknown.';
