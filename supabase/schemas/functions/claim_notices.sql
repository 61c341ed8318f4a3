-- Called by the notices job if a delivery is configured: claims undelivered notices of the last day. Each attempt claims
-- a notice for longer (1, 4, 9 … minutes). So two runs never send the same notice, and a killed run loses none. Dismissed
-- and older notices are not sent.
create or replace function tollgate.claim_notices(p_limit integer) returns jsonb
language sql set search_path = ''
as $$
  with due as (
    select n.user_id, n.notice_id
    from tollgate.notices n
    where n.delivered_at is null and n.dismissed_at is null and n.next_attempt_at <= now()
      and n.created_at > now() - interval '1 day'
      -- A notice is never due before it is made, so the index begins here and passes over all older ones.
      and n.next_attempt_at > now() - interval '1 day'
    order by n.next_attempt_at
    limit p_limit
    for update skip locked
  ),
  taken as (
    update tollgate.notices n
    set attempts = n.attempts + 1, next_attempt_at = now() + interval '1 minute' * (n.attempts + 1) * (n.attempts + 1)
    from due where n.user_id = due.user_id and n.notice_id = due.notice_id
    returning n
  )
  select coalesce(jsonb_agg(tollgate.notice_view(t.n)
    || jsonb_build_object('email', u.email) order by (t.n).created_at), '[]')
  from taken t
  join tollgate.users u on u.user_id = (t.n).user_id;
$$;

comment on function tollgate.claim_notices(integer) is 'Takes notices that are due for delivery.';
