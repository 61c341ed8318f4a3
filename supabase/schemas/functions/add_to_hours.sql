-- Called with ledger rows that were written or deleted, under the counter's lock. Adds their amounts to the sums of hours
-- that are summed. If their hours are being summed now (begin_hour_sums), these are summed again later.
create or replace function tollgate.add_to_hours(
  p_user_id text,
  p_field text,
  p_ats timestamptz[],
  p_amounts bigint[]
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_counter tollgate.usage_counters;
begin
  select * into v_counter from tollgate.usage_counters c where c.user_id = p_user_id and c.field = p_field;
  if not exists (select from unnest(p_ats) as a (at) where a.at < v_counter.summing_until) then
    return;
  end if;
  insert into tollgate.usage_hours as h (user_id, field, hour, amount)
  select p_user_id, p_field, date_trunc('hour', a.at, 'UTC'), sum(a.amount)
  from unnest(p_ats, p_amounts) as a (at, amount)
  where a.at < v_counter.summed_until
  group by 3
  on conflict (user_id, field, hour) do update set amount = h.amount + excluded.amount;
  update tollgate.usage_counters c set summing_until = c.summed_until
  where c.user_id = p_user_id and c.field = p_field and c.summing_until > c.summed_until
    and exists (select from unnest(p_ats) as a (at) where a.at >= c.summed_until and a.at < c.summing_until);
end;
$$;

comment on function tollgate.add_to_hours(text, text, timestamptz[], bigint[]) is 'Adds amounts of ledger rows to the sums of their hours.';
