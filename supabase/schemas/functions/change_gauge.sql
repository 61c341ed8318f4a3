-- Called by write_gauge and by functions that create or delete a thing which a gauge counts, in their transaction, after lock_subscription:
-- adds p_by to the gauge, which never falls below 0. Returns the counter.
create or replace function tollgate.change_gauge(p_user_id text, p_field text, p_by bigint, p_now timestamptz)
returns tollgate.usage_counters
language sql set search_path = ''
as $$
  update tollgate.usage_counters c set used = greatest(0, c.used + p_by), updated_at = p_now
  where c.user_id = p_user_id and c.field = p_field
  returning c;
$$;

comment on function tollgate.change_gauge(text, text, bigint, timestamptz) is 'Adds to a gauge.';
