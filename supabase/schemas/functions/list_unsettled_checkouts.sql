-- Called by the job that ends purchases which were paid twice: checkouts of unknown outcome whose user has a subscription
-- of that product. The job closes an open one and learns the subscription of a paid one. It looks back thirty days, or
-- longer while the user has two subscriptions. Those of a page come first, then the longest waiting. A page has p_rows
-- checkouts, since most were never paid and stay.
--   p_after  {"at", "user", "checkout"} from the answer before; null: from the longest waiting
-- Returns {"checkouts", "next"}; "next" is null at the end. If there are p_limit checkouts, the page may have others: the same
-- call returns those, since the returned ones have moved to the end.
create or replace function tollgate.list_unsettled_checkouts(
  p_limit integer,
  p_after jsonb default null,
  p_rows integer default 2000
) returns jsonb
language sql set search_path = ''
as $$
  with page as materialized (
    select c.user_id, c.checkout_id, c.updated_at, c.created_at, c.product
    from tollgate.checkouts c
    where c.subscription_id is null and c.status in ('open', 'left_open', 'paid')
      and c.updated_at < now() - interval '1 minute'
      and (p_after is null or (c.updated_at, c.user_id, c.checkout_id)
        > ((p_after ->> 'at')::timestamptz, p_after ->> 'user', (p_after ->> 'checkout')::uuid))
      -- The same bound in the form that the index takes.
      and c.updated_at >= coalesce((p_after ->> 'at')::timestamptz, '-infinity')
    order by c.updated_at, c.user_id, c.checkout_id
    limit p_rows
  ),
  chosen as materialized (
    select p.user_id, p.checkout_id
    from page p
    cross join lateral (
      select count(*) as subscriptions from tollgate.subscription_records m
      where m.user_id = p.user_id and m.product = p.product and m.ended_at is null) living
    where living.subscriptions >= case when p.created_at > now() - interval '30 days' then 1 else 2 end
    order by living.subscriptions > 1 desc, p.updated_at
    limit p_limit
  ),
  due as (
    select c.user_id, c.checkout_id
    from chosen
    join tollgate.checkouts c on c.user_id = chosen.user_id and c.checkout_id = chosen.checkout_id
    where c.subscription_id is null and c.status in ('open', 'left_open', 'paid')
    for update of c skip locked
  ),
  taken as (
    -- The next run begins with the others.
    update tollgate.checkouts c set updated_at = now()
    from due d where c.user_id = d.user_id and c.checkout_id = d.checkout_id
    returning c.*
  )
  select jsonb_build_object(
    'checkouts', (
      select coalesce(jsonb_agg(tollgate.checkout_view(t) || jsonb_build_object('user_id', t.user_id)), '[]') from taken t),
    'next', (
      select jsonb_build_object('at', p.updated_at, 'user', p.user_id, 'checkout', p.checkout_id)
      from page p
      order by p.updated_at, p.user_id, p.checkout_id
      offset p_rows - 1
      limit 1));
$$;

comment on function tollgate.list_unsettled_checkouts(integer, jsonb, integer) is 'Checkouts beside a subscription that can still be paid, or were paid for an unknown subscription.';
