-- Called by GET /api/usage/history and the usage page: usage of a field per UTC day, from the ledger. Days without usage
-- are left out. Units given back count on the day of their charge. Units that two windows count as one count on the day of
-- the release (decrement_usage).
-- Errors: TG400 unknown field, a gauge (it has no history), days outside 1 to 400.
create or replace function tollgate.usage_history(p_user_id text, p_field text, p_days integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_meter tollgate.catalog_meters := tollgate.counter_of(p_field);
  v_today date;
begin
  if p_days is null or p_days not between 1 and 400 then
    raise exception 'The days are a whole number from 1 to 400.' using errcode = 'TG400', detail = 'days';
  end if;
  select (greatest(tollgate.now_for(p_user_id), max(s.as_of)) at time zone 'UTC')::date into v_today
  from tollgate.subscriptions s
  where s.user_id = p_user_id and s.product = v_meter.product;
  return jsonb_build_object(
    'user_id', p_user_id,
    'field', p_field,
    'from', v_today - (p_days - 1),
    'to', v_today,
    'days', (
      select coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'amount', d.amount) order by d.day), '[]')
      from (
        select (l.at at time zone 'UTC')::date as day, sum(l.amount) as amount
        from tollgate.usage_ledger l
        where l.user_id = p_user_id and l.field = p_field
          and l.at >= (v_today - (p_days - 1))::timestamp at time zone 'UTC'
          and l.at < (v_today + 1)::timestamp at time zone 'UTC'
        group by 1
        having sum(l.amount) <> 0
      ) d));
end;
$$;

comment on function tollgate.usage_history(text, text, integer) is 'Daily totals of a field.';
