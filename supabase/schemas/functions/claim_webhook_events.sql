-- Called by the retry job, page by page: claims undecided events that are due, and deferred ones whose user or subscription
-- is known by now. A claim lasts a minute: two runs never process the same event, and a killed run loses none. A page reads
-- p_rows waiting events, however many of them are ready: many can wait for a link for months.
--   p_after  {"at", "processor", "id"} from the answer before; null: from the longest waiting
-- Returns {"events": [{"processor", "id"}, …], "next"}; "next" is null at the end. If there are p_limit events, the page may
-- have others: the same call returns those, since a claim postpones an event.
create or replace function tollgate.claim_webhook_events(
  p_limit integer,
  p_after jsonb default null,
  p_rows integer default 1000
) returns jsonb
language sql set search_path = ''
as $$
  with page as materialized (
    select e.processor, e.id, e.next_attempt_at
    from tollgate.webhook_events e
    where e.next_attempt_at <= now()
      and (e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead'))
      and (e.next_attempt_at, e.processor, e.id)
        > (coalesce((p_after ->> 'at')::timestamptz, '-infinity'), coalesce(p_after ->> 'processor', ''), coalesce(p_after ->> 'id', ''))
      -- The same bound in the form that the index takes.
      and e.next_attempt_at >= coalesce((p_after ->> 'at')::timestamptz, '-infinity')
    order by e.next_attempt_at, e.processor, e.id
    limit p_rows
  ),
  due as (
    select e.processor, e.id
    from page
    join tollgate.webhook_events e on e.processor = page.processor and e.id = page.id
    where e.next_attempt_at <= now()
      and (e.outcome is null
        or (e.outcome = 'deferred' and exists (
          select from tollgate.links l
          where l.processor = e.processor
            and ((l.kind = 'customer' and l.external_id = e.customer_id)
              or (l.kind = 'subscription' and l.external_id = e.subscription_id))))
        -- It named two users before its subscription was linked.
        or (e.outcome = 'quarantined' and e.reason = 'link_conflict' and exists (
          select from tollgate.links l
          where l.processor = e.processor and l.kind = 'subscription' and l.external_id = e.subscription_id))
        -- An unknown price: the end and debts count once the subscription is known.
        or (e.outcome = 'quarantined' and e.reason = 'unknown_price' and e.user_id is null and exists (
          select from tollgate.subscription_records m
          where m.processor = e.processor and m.subscription_id = e.subscription_id)))
    order by e.next_attempt_at
    limit p_limit
    for update of e skip locked
  ),
  taken as (
    update tollgate.webhook_events e set next_attempt_at = now() + interval '1 minute'
    from due where e.processor = due.processor and e.id = due.id
    returning e.processor, e.id, e.created_at
  )
  select jsonb_build_object(
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object('processor', t.processor, 'id', t.id) order by t.created_at), '[]')
      from taken t),
    'next', (
      select jsonb_build_object('at', p.next_attempt_at, 'processor', p.processor, 'id', p.id)
      from page p
      order by p.next_attempt_at, p.processor, p.id
      offset p_rows - 1
      limit 1));
$$;

comment on function tollgate.claim_webhook_events(integer, jsonb, integer) is 'Takes webhook events that are due for another attempt.';
