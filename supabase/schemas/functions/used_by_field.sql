-- Called by commit_timeline: the used units by field in a row's view, as decisions and usage_resets have them.
create or replace function tollgate.used_by_field(p_view jsonb) returns jsonb
language plpgsql immutable set search_path = ''
as $$
begin
  return (
    select jsonb_object_agg(m.value ->> 'field', m.value -> 'used') from jsonb_array_elements(p_view -> 'meters') as m);
end;
$$;

comment on function tollgate.used_by_field(jsonb) is 'Used units by field in a view of a row.';
