-- Called by the job that ends purchases which were paid twice: checkouts of unknown outcome whose user has a subscription
-- of that product. The job closes an open one and learns the subscription of a paid one. It looks back thirty days, or
-- longer while the user has two subscriptions. Those come first, then the longest waiting.
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
    -- The next run begins with the others.
    update tollgate.checkouts c set updated_at = now()
    from due d where c.user_id = d.user_id and c.checkout_id = d.checkout_id
    returning c.*
  )
  select coalesce(jsonb_agg(tollgate.checkout_view(t) || jsonb_build_object('user_id', t.user_id)), '[]')
  from taken t;
$$;

comment on function tollgate.list_unsettled_checkouts(integer) is 'Checkouts beside a subscription that can still be paid, or were paid for an unknown subscription.';
