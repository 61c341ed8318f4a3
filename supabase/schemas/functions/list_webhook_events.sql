-- Called by GET /api/admin/events and its page. Returns webhook events, newest first, one page per call. A missing key
-- of p_filter filters nothing:
--   p_filter {processor, type (its beginning), outcome (or "undecided", or "waiting" for all that wait), user_id,
--             from, to (by arrival), id}
-- The p_after is the "next" of the page before.
create or replace function tollgate.list_webhook_events(p_filter jsonb, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  with page as (
    select e.*
    from tollgate.webhook_events e
    where (p_filter ->> 'processor' is null or e.processor = p_filter ->> 'processor')
      and (p_filter ->> 'id' is null or e.id = p_filter ->> 'id')
      and (p_filter ->> 'type' is null or starts_with(e.event_type, p_filter ->> 'type'))
      and (p_filter ->> 'from' is null or e.created_at >= (p_filter ->> 'from')::timestamptz)
      and (p_filter ->> 'to' is null or e.created_at < (p_filter ->> 'to')::timestamptz)
      and case p_filter ->> 'outcome'
        when 'undecided' then e.outcome is null
        when 'waiting' then e.outcome is null or e.outcome in ('deferred', 'quarantined', 'dead')
        else p_filter ->> 'outcome' is null or e.outcome = p_filter ->> 'outcome' end
      and (p_filter ->> 'user_id' is null
        or e.user_id = p_filter ->> 'user_id'
        or e.hint_user_id = p_filter ->> 'user_id'
        or exists (
          select from tollgate.links l
          where l.user_id = p_filter ->> 'user_id' and l.processor = e.processor and l.kind = 'customer'
            and l.external_id = e.customer_id))
      and (p_after is null or (e.created_at, e.processor, e.id)
        < ((p_after ->> 'at')::timestamptz, p_after ->> 'processor', p_after ->> 'id'))
    order by e.created_at desc, e.processor desc, e.id desc
    limit p_limit
  )
  select jsonb_build_object(
    'events', coalesce((
      select jsonb_agg(tollgate.event_row(p) order by p.created_at desc, p.processor desc, p.id desc) from (
        select * from page) as p), '[]'),
    'next', (
      select case when (select count(*) from page) = p_limit then
        jsonb_build_object('at', p.created_at, 'processor', p.processor, 'id', p.id) end
      from page p order by p.created_at, p.processor, p.id limit 1));
$$;

comment on function tollgate.list_webhook_events(jsonb, jsonb, integer) is 'Webhook events by filter, newest first.';
