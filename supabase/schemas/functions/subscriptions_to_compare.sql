-- Called by the reconcile job, page by page: the processor subscriptions that have not ended, as last known, each in one of
-- three parts of a walk that began at p_begun:
--   renewing  its period ends or ended within two days before p_begun or one day after it
--   changed   an event changed it within two days before p_begun
--   rest      all others, and all that an event has changed since p_begun: it may have left a part that was not read yet
--   p_after   the key after which the page begins; null: from the start
-- A page reads p_rows rows, however many of them are left out. Returns {"subscriptions", "next"}; each subscription has its
-- "key". "next" is the key of the last row of a full page, null at the end.
create or replace function tollgate.subscriptions_to_compare(
  p_part text,
  p_after jsonb,
  p_begun timestamptz,
  p_rows integer default 200
) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_ends_from timestamptz := p_begun - interval '2 days';
  v_ends_until timestamptz := p_begun + interval '1 day';
  v_keys jsonb;
  v_subscriptions jsonb;
begin
  if p_part = 'renewing' then
    select jsonb_agg(to_jsonb(p) order by p.at, p.user, p.product, p.source) into v_keys
    from (
      select m.period_end as at, m.user_id as user, m.product, m.source
      from tollgate.subscription_records m
      where m.ended_at is null and m.period_end < v_ends_until
        and (m.period_end, m.user_id, m.product, m.source) >= (v_ends_from, '', '', '')
        and (p_after is null or (m.period_end, m.user_id, m.product, m.source)
          > ((p_after ->> 'at')::timestamptz, p_after ->> 'user', p_after ->> 'product', p_after ->> 'source'))
        -- The same bound in the form that the index takes.
        and m.period_end >= coalesce((p_after ->> 'at')::timestamptz, v_ends_from)
      order by m.period_end, m.user_id, m.product, m.source
      limit p_rows
    ) p;
  elsif p_part = 'changed' then
    select jsonb_agg(to_jsonb(p) order by p.at, p.user, p.decision) into v_keys
    from (
      select d.decided_at as at, d.user_id as user, d.decision_id as decision, d.product
      from tollgate.decisions d
      where d.decided_at >= coalesce((p_after ->> 'at')::timestamptz, v_ends_from) and d.decided_at < p_begun
        and (p_after is null or (d.decided_at, d.user_id, d.decision_id)
          > ((p_after ->> 'at')::timestamptz, p_after ->> 'user', (p_after ->> 'decision')::bigint))
      order by d.decided_at, d.user_id, d.decision_id
      limit p_rows
    ) p;
  else
    select jsonb_agg(to_jsonb(p) order by p.user, p.product, p.source) into v_keys
    from (
      select m.user_id as user, m.product, m.source
      from tollgate.subscription_records m
      where (m.user_id, m.product, m.source)
        > (coalesce(p_after ->> 'user', ''), coalesce(p_after ->> 'product', ''), coalesce(p_after ->> 'source', ''))
      order by m.user_id, m.product, m.source
      limit p_rows
    ) p;
  end if;

  select jsonb_agg(tollgate.live_subscription_view(m) || jsonb_build_object('key', k.key) order by k.place, m.source)
  into v_subscriptions
  from jsonb_array_elements(v_keys) with ordinality as k (key, place)
  join tollgate.subscription_records m on m.user_id = k.key ->> 'user' and m.product = k.key ->> 'product'
    and m.source = coalesce(k.key ->> 'source', m.source)
  cross join lateral (
    select
      exists (
        select from tollgate.decisions d
        where d.user_id = m.user_id and d.product = m.product and d.decided_at >= p_begun) as since,
      m.period_end >= v_ends_from and m.period_end < v_ends_until as renews
  ) has
  where m.ended_at is null
    and (p_part = 'renewing' or has.since or has.renews is not true)
    -- Of several decisions the last one counts.
    and (p_part = 'renewing' or (p_part <> 'changed' and has.since) or not exists (
      select from tollgate.decisions d
      where d.user_id = m.user_id and d.product = m.product and d.decided_at < p_begun
        and case when p_part = 'changed'
          then (d.decided_at, d.decision_id) > ((k.key ->> 'at')::timestamptz, (k.key ->> 'decision')::bigint)
          else d.decided_at >= v_ends_from end));
  return jsonb_build_object('subscriptions', coalesce(v_subscriptions, '[]'),
    'next', case when jsonb_array_length(v_keys) = p_rows then v_keys -> (p_rows - 1) end);
end;
$$;

comment on function tollgate.subscriptions_to_compare(text, jsonb, timestamptz, integer) is 'A page of processor subscriptions for the reconcile job.';
