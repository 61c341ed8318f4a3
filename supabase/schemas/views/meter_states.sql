-- Read by consume_batch: every stored meter with its numbers and the row's clock, for many users in one statement. The
-- same arithmetic as meter_state, which answers for one row in hand (a test holds the two against each other).
create view public.meter_states with (security_invoker = true) as
select
  s.user_id,
  s.product,
  m.field,
  m.kind,
  s.plan,
  s.window_start,
  s.window_end,
  clock.now_at,
  -- From here on the numbers are not to be believed: the window turns, or a reservation ends.
  least(s.turns_at, s.reserved_until) as good_until,
  n.used,
  n.unpaid_held,
  n.limit_amount,
  greatest(0, n.limit_amount - n.used - n.reserved - n.unpaid_held) as remaining
from public.subscriptions s
join public.catalog_meters m on m.product = s.product
join public.catalog_plans p on p.product = s.product and p.plan = s.limit_plan
left join public.catalog_limits l on l.product = s.product and l.plan = s.limit_plan and l.field = m.field
left join public.sandbox_clocks c on c.user_id = s.user_id
cross join lateral (
  select greatest(date_trunc('milliseconds', clock_timestamp()) + coalesce(c.shift, interval '0'), s.as_of) as now_at
) clock
left join public.limit_overrides o on o.user_id = s.user_id and o.field = m.field and o.expires_at > clock.now_at
cross join lateral (
  select
    coalesce((s.usage ->> m.field)::bigint, 0) as used,
    coalesce((s.reserved ->> m.field)::bigint, 0) as reserved,
    coalesce((s.unpaid_held ->> m.field)::bigint, 0) as unpaid_held,
    coalesce(o.limit_amount, l.limit_amount * case when p.per_quantity then s.quantity else 1 end, 0) as limit_amount
) n;

comment on view public.meter_states is 'Used, held, limit and remaining of every meter of every user, as stored.';
revoke all on public.meter_states from public, anon, authenticated;
grant select on public.meter_states to service_role;
