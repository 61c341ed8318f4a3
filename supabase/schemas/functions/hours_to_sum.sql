-- Called by begin_hour_sums: the time before which the rows of a counter can be summed next, at most p_until. Null if
-- there are fewer than p_rows rows.
create or replace function tollgate.hours_to_sum(
  p_user_id text,
  p_field text,
  p_from timestamptz,
  p_until timestamptz,
  p_rows integer
) returns timestamptz
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_many timestamptz;
  v_first timestamptz;
begin
  if p_from >= p_until or not exists (
    select from tollgate.usage_ledger l
    where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until
    offset p_rows - 1
  ) then
    return null;
  end if;
  select l.at into v_many
  from tollgate.usage_ledger l
  where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until
  order by l.at
  offset 100000
  limit 1;
  if v_many is null then
    return p_until;
  end if;
  select min(l.at) into v_first
  from tollgate.usage_ledger l
  where l.user_id = p_user_id and l.field = p_field and l.at >= p_from and l.at < p_until;
  -- Five minutes at least, however many rows they have.
  return greatest(date_bin('5 minutes', v_many, 'epoch'), date_bin('5 minutes', v_first, 'epoch') + interval '5 minutes');
end;
$$;

comment on function tollgate.hours_to_sum(text, text, timestamptz, timestamptz, integer) is 'The end of the hours that can be summed next.';
