-- Called by the gate with the calls that arrived together; p_charges is [{"call", "user_id", "field", "amount", "key"}, …],
-- one element a charge, calls in the order they came. Answers [verdicts or null, …], one element a call.
-- It judges, as one set, the calls that need no second thought: rows that are current, users whose calls all fit or of
-- whose calls none does, retries of known keys. Null means "judge this one in turn" (consume_in_turn), which is for
-- everything else: a new user, a window that turns, the batch that crosses the limit, a row that somebody else holds,
-- bad input. So nobody here waits for anybody, and no call fails another's.
-- Atomic: all charges of the batch, one transaction. Locks: the subscriptions rows that a call may pass on, in key order,
-- those held by others skipped; a batch that is refused whole locks and writes nothing.
create or replace function public.consume_batch(p_charges jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_users text[];
  v_products text[];
  v_answer jsonb;
begin
  select array_agg(r.user_id), array_agg(r.product) into v_users, v_products
  from (
    select s.user_id, s.product
    from (
      select distinct c.user_id, c.product
      from (
        select t.user_id, t.product
        from jsonb_to_recordset(p_charges) as c (call integer, user_id text, field text, amount numeric)
        join public.meter_states t on t.user_id = c.user_id and t.field = c.field
        where t.now_at < t.good_until
        group by c.call, t.user_id, t.product
        having bool_and(c.amount <= t.remaining)
      ) c
    ) wanted
    join public.subscriptions s on s.user_id = wanted.user_id and s.product = wanted.product
    order by s.user_id, s.product
    for update of s skip locked
  ) r;

  -- A statement of its own: it must see what was committed before the locks were taken, keys too.
  with charges as materialized (
    select c.call, c.position, c.user_id, c.field, c.amount::bigint as amount, c.key, t.product, t.plan, t.window_start,
      t.window_end, t.now_at, t.used, t.unpaid_held, t.limit_amount, t.remaining, l.user_id is not null as locked
    from rows from (jsonb_to_recordset(p_charges)
      as (call integer, user_id text, field text, amount numeric, key text))
      with ordinality as c (call, user_id, field, amount, key, position)
    join public.meter_states t on t.user_id = c.user_id and t.field = c.field
    left join unnest(v_users, v_products) as l (user_id, product) on l.user_id = t.user_id and l.product = t.product
    where t.now_at < t.good_until and t.kind = 'counter'
      and c.amount between 1 and 9007199254740991 and c.amount = trunc(c.amount) and (length(c.key) between 1 and 255) is not false
  ),
  calls as materialized (
    select g.*, k.verdict as known_verdict, k.request as known_request,
      -- The second of two with one key runs when the first has been judged.
      g.key is not null and g.call > min(g.call) over (partition by g.user_id, g.key) as repeated
    from (
      select c.call, c.user_id, min(c.product) as product, c.key, bool_and(c.amount <= c.remaining) as fits_alone,
        bool_and(c.locked) as locked,
        jsonb_build_object('fields', jsonb_agg(c.field order by c.position),
          'amounts', jsonb_agg(c.amount order by c.position)) as request
      from charges c
      group by c.call, c.user_id, c.key
      -- Every charge of the call is here, of one product, each field once.
      having count(*) = (
          select count(*) from jsonb_to_recordset(p_charges) as a (call integer) where a.call = c.call)
        and min(c.product) = max(c.product) and count(distinct c.field) = count(*)
    ) g
    left join public.idempotency_keys k on k.user_id = g.user_id and k.operation = 'consume' and k.key = g.key
  ),
  demands as (
    select f.user_id, f.product, bool_and(f.demanded <= f.remaining) as all_fit
    from (
      select c.user_id, c.product, c.field, sum(c.amount) as demanded, min(c.remaining) as remaining
      from charges c
      join calls using (call)
      where calls.known_verdict is null and not calls.repeated
      group by c.user_id, c.product, c.field
    ) f
    group by f.user_id, f.product
  ),
  none_fit as (
    select c.user_id, c.product from calls c
    where c.known_verdict is null and not c.repeated
    group by c.user_id, c.product
    having not bool_or(c.fits_alone)
  ),
  judged as materialized (
    select c.*, case
      when c.repeated then 'later'
      when c.known_verdict is not null then case when c.known_request = c.request then 'known' else 'later' end
      when d.all_fit and c.locked then 'allowed'
      when n.user_id is not null then 'refused'
      else 'later' end as judgement
    from calls c
    left join demands d using (user_id, product)
    left join none_fit n using (user_id, product)
  ),
  verdicts as materialized (
    select c.call, j.user_id, j.product, c.field, c.amount, c.key, j.request, j.judgement, c.position, c.now_at,
      c.window_start,
      sum(case j.judgement when 'allowed' then c.amount else 0 end)
        over (partition by j.user_id, c.field order by c.position) as taken,
      c.used, c.limit_amount, c.remaining, c.unpaid_held, c.window_end, c.plan
    from charges c
    join judged j using (call)
  ),
  counted as (
    update public.subscriptions s set usage = s.usage || u.usage, updated_at = u.now_at
    from (
      select f.user_id, f.product, jsonb_object_agg(f.field, f.used) as usage, max(f.now_at) as now_at
      from (
        select v.user_id, v.product, v.field, max(v.used + v.taken) as used, max(v.now_at) as now_at
        from verdicts v where v.judgement = 'allowed'
        group by v.user_id, v.product, v.field
      ) f
      group by f.user_id, f.product
    ) u
    where s.user_id = u.user_id and s.product = u.product
  ),
  written as (
    insert into public.usage_ledger (user_id, product, field, at, amount, idempotency_key)
    select v.user_id, v.product, v.field, greatest(v.now_at, v.window_start), v.amount, v.key
    from verdicts v where v.judgement = 'allowed'
  ),
  answers as materialized (
    select v.call, v.user_id, v.key, v.request, v.judgement, max(v.now_at) as now_at,
      jsonb_agg(jsonb_build_object(
        'allowed', v.judgement = 'allowed',
        'field', v.field,
        'used', v.used + v.taken,
        'limit', v.limit_amount,
        'remaining', v.remaining - v.taken,
        'resets_at', public.instant_text(v.window_end),
        'plan', v.plan
      ) || case
        when v.judgement = 'allowed' then '{}'::jsonb
        when v.amount <= v.remaining then '{"reason": "limit_reached_elsewhere"}'
        when v.amount <= v.remaining + v.unpaid_held then '{"reason": "payment_pending"}'
        else '{"reason": "limit_reached"}' end order by v.position) as verdicts
    from verdicts v
    where v.judgement in ('allowed', 'refused')
    group by v.call, v.user_id, v.key, v.request, v.judgement
  ),
  remembered as (
    insert into public.idempotency_keys (user_id, operation, key, request, verdict, charged_at)
    select a.user_id, 'consume', a.key, a.request, a.verdicts, a.now_at
    from answers a where a.judgement = 'allowed' and a.key is not null
  )
  select jsonb_agg(coalesce(a.verdicts, case when j.judgement = 'known' then j.known_verdict end) order by c.call)
  into v_answer
  from (select distinct c.call from jsonb_to_recordset(p_charges) as c (call integer)) c
  left join judged j using (call)
  left join answers a using (call);

  perform public.answer_in_time();
  return coalesce(v_answer, '[]');
end;
$$;

comment on function public.consume_batch(jsonb) is 'Judges calls that arrived together, as one set; null for one that must be judged in turn.';
revoke all on function public.consume_batch(jsonb) from public, anon, authenticated;
grant execute on function public.consume_batch(jsonb) to service_role;
