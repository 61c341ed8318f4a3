-- Called by all functions that evaluate a charge: the counters of these fields, in their order. A missing one is left out.
create or replace function tollgate.counters_of(p_user_id text, p_fields text[]) returns tollgate.usage_counters[]
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(c order by f.position), '{}')
    from unnest(p_fields) with ordinality as f (field, position)
    join tollgate.usage_counters c on c.user_id = p_user_id and c.field = f.field);
end;
$$;

comment on function tollgate.counters_of(text, text[]) is 'Counters of a user by field.';
