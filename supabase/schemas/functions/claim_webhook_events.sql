-- Called by the retry job: claims undecided events that are due, and deferred ones whose user or subscription is known by
-- now. A claim lasts a minute: two runs never process the same event, and a killed run loses none.
create or replace function tollgate.claim_webhook_events(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select e.processor, e.id
    from tollgate.webhook_events e
    where e.next_attempt_at <= now()
      -- The predicate of the index; the next condition implies it.
      and (e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead'))
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
    for update skip locked
  ),
  taken as (
    update tollgate.webhook_events e set next_attempt_at = now() + interval '1 minute'
    from due where e.processor = due.processor and e.id = due.id
    returning e.processor, e.id, e.created_at
  )
  select coalesce(jsonb_agg(jsonb_build_object('processor', t.processor, 'id', t.id) order by t.created_at), '[]')
  from taken t;
$$;

comment on function tollgate.claim_webhook_events(integer) is 'Takes webhook events that are due for another attempt.';
