-- Called by /admin/users. Returns users by id with their plans, one page per call. A missing key of p_filter filters
-- nothing:
--   p_filter {search (in id, e-mail or name), product, plan, status}
-- The "next" in the answer is the last user of a full page.
create or replace function tollgate.list_users(p_filter jsonb, p_after text, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select u.*
    from tollgate.users u
    where u.user_id > p_after
      and (p_filter ->> 'search' is null
        or strpos(lower(concat_ws(' ', u.user_id, u.email, u.name)), lower(p_filter ->> 'search')) > 0)
      and ((p_filter ->> 'product' is null and p_filter ->> 'plan' is null and p_filter ->> 'status' is null)
        or exists (
          select from tollgate.subscriptions s
          where s.user_id = u.user_id
            and (p_filter ->> 'product' is null or s.product = p_filter ->> 'product')
            and (p_filter ->> 'plan' is null or s.plan = p_filter ->> 'plan')
            and (p_filter ->> 'status' is null or s.status = p_filter ->> 'status')))
    order by u.user_id
    limit p_limit
  )
  select jsonb_build_object(
    'users', coalesce((
      select jsonb_agg(jsonb_build_object(
        'user_id', p.user_id, 'email', p.email, 'name', p.name, 'created_at', tollgate.instant_text(p.created_at),
        -- The row as last used: this list updates no window.
        'subscriptions', coalesce((
          select jsonb_agg(tollgate.subscription_view(s) order by s.product)
          from tollgate.subscriptions s where s.user_id = p.user_id), '[]')) order by p.user_id)
      from page p), '[]'),
    'next', (select case when count(*) = p_limit then max(p.user_id) end from page p));
$$;

comment on function tollgate.list_users(jsonb, text, integer) is 'Users and their plans, by filter.';
