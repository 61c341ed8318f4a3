-- Called by the partitions job, page by page: deletes rows of the default partitions before p_before. They have few rows,
-- since every month has a partition.
--   p_after  {"part", "user", "field", "at", "entry"} from the answer before; null: from the start
-- Returns {"deleted", "next"}; "next" is null at the end.
-- Definer: the app has no rights on a partition.
create or replace function tollgate.delete_old_usage(p_before timestamptz, p_after jsonb default null, p_rows integer default 5000)
returns jsonb
language plpgsql security definer set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_hours boolean := coalesce(p_after ->> 'part' = 'hours', false);
  v_answer jsonb;
begin
  if v_hours then
    with page as materialized (
      select h.user_id, h.field, h.hour from tollgate.usage_hours_default h
      where p_after ->> 'user' is null
        or (h.user_id, h.field, h.hour) > (p_after ->> 'user', p_after ->> 'field', (p_after ->> 'at')::timestamptz)
      order by h.user_id, h.field, h.hour
      limit p_rows
    ),
    gone as (
      delete from tollgate.usage_hours_default h using page p
      where h.user_id = p.user_id and h.field = p.field and h.hour = p.hour and p.hour < p_before
      returning 1
    )
    select jsonb_build_object('deleted', 0, 'next', (
      select jsonb_build_object('part', 'hours', 'user', p.user_id, 'field', p.field, 'at', p.hour)
      from page p offset p_rows - 1 limit 1)) into v_answer
    from (select count(*) from gone) g;
    return v_answer;
  end if;
  with page as materialized (
    select l.user_id, l.field, l.at, l.entry from tollgate.usage_ledger_default l
    where p_after is null or (l.user_id, l.field, l.at, l.entry)
      > (p_after ->> 'user', p_after ->> 'field', (p_after ->> 'at')::timestamptz, (p_after ->> 'entry')::bigint)
    order by l.user_id, l.field, l.at, l.entry
    limit p_rows
  ),
  gone as (
    delete from tollgate.usage_ledger_default l using page p
    where l.user_id = p.user_id and l.field = p.field and l.at = p.at and l.entry = p.entry and p.at < p_before
    returning 1
  )
  select jsonb_build_object('deleted', g.rows, 'next', coalesce((
    select jsonb_build_object('part', 'ledger', 'user', p.user_id, 'field', p.field, 'at', p.at, 'entry', p.entry)
    from page p offset p_rows - 1 limit 1), jsonb_build_object('part', 'hours'))) into v_answer
  from (select count(*) as rows from gone) g;
  return v_answer;
end;
$$;

comment on function tollgate.delete_old_usage(timestamptz, jsonb, integer) is 'Deletes old rows of the ledger''s default partitions.';
