-- Called by the fake processors' event lists: the newest first, after the one named by p_after, of these types (null: all).
create or replace function tollgate.sandbox_list_events(
  p_processor text,
  p_after text,
  p_types jsonb,
  p_limit integer
) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(convert_from(e.raw, 'UTF8') order by e.sequence desc), '[]')
  from (
    select e.raw, e.sequence
    from tollgate.sandbox_events e
    where e.processor = p_processor
      and (p_after is null or e.sequence < (
        select f.sequence from tollgate.sandbox_events f where f.processor = p_processor and f.event_id = p_after))
      and (p_types is null or p_types ? e.event_type)
    order by e.sequence desc
    limit p_limit) e;
$$;

comment on function tollgate.sandbox_list_events(text, text, jsonb, integer) is 'Events of a fake processor, newest first.';
