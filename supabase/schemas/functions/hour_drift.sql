-- Called by find_hour_drift: compares the summed hours of one counter from p_from on with their ledger rows, at most about
-- 50,000 rows. One statement reads both at one moment. "until" is where the next comparison begins; infinity at the end.
create or replace function tollgate.hour_drift(
  p_user_id text,
  p_field text,
  p_from timestamptz,
  out until timestamptz,
  out drifts jsonb
)
language sql stable set search_path = ''
as $$
  with counter as (
    select c.summed_until from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field
  ),
  many as (
    select l.at from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < (select c.summed_until from counter c)
    order by l.at
    offset 50000
    limit 1
  ),
  first as (
    select min(l.at) as at from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and exists (select from many)
  ),
  range as (
    select coalesce(greatest(
      (select date_trunc('hour', m.at, 'UTC') from many m),
      (select date_trunc('hour', f.at, 'UTC') + interval '1 hour' from first f)), 'infinity') as ends_at
  ),
  summed as (
    select h.hour, h.amount from tollgate.usage_hours h
    where h.user_id = p_user_id and h.field = p_field and h.hour >= p_from and h.hour < (select r.ends_at from range r)
  ),
  actual as (
    select date_trunc('hour', l.at, 'UTC') as hour, sum(l.amount) as amount
    from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from
      and l.at < (select least(r.ends_at, c.summed_until) from range r, counter c)
    group by 1
  )
  select (select r.ends_at from range r), (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p_user_id, 'field', p_field,
      'hour', tollgate.instant_text(hour), 'summed', coalesce(s.amount, 0), 'actual', coalesce(a.amount, 0)) order by hour), '[]')
    from summed s
    full join actual a using (hour)
    where coalesce(s.amount, 0) <> coalesce(a.amount, 0));
$$;

comment on function tollgate.hour_drift(text, text, timestamptz) is 'Hours of one counter whose sum differs from the ledger.';
