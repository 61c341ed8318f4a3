-- Called by the job that ends doubled purchases: checkouts that were replaced and could not be closed at the processor, of
-- users who have a subscription of that product by now. Looked at for thirty days, the longest waiting first.
create or replace function public.list_left_open_checkouts(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select c.user_id, c.checkout_id from public.checkouts c
    where c.status = 'left_open' and c.created_at > now() - interval '30 days'
      and c.updated_at < now() - interval '1 minute'
      and exists (
        select from public.mirrors m
        where m.user_id = c.user_id and m.product = c.product and m.ended_at is null)
    order by c.updated_at
    limit p_limit
    for update skip locked
  ),
  taken as (
    -- Looked at next when all others have been.
    update public.checkouts c set updated_at = now()
    from due d where c.user_id = d.user_id and c.checkout_id = d.checkout_id
    returning c.*
  )
  select coalesce(jsonb_agg(public.checkout_view(t) || jsonb_build_object('user_id', t.user_id)), '[]')
  from taken t;
$$;

comment on function public.list_left_open_checkouts(integer) is 'Replaced checkouts that could still be paid beside another.';
revoke all on function public.list_left_open_checkouts(integer) from public, anon, authenticated;
grant execute on function public.list_left_open_checkouts(integer) to service_role;
