-- Called by resolve_links: the user of one id at a processor; null if it has none. Always a search by the whole key: one search
-- for several ids may read all links of the processor.
create or replace function tollgate.linked_user(p_processor text, p_kind text, p_external_id text) returns text
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select l.user_id from tollgate.links l
    where l.processor = p_processor and l.kind = p_kind and l.external_id = p_external_id);
end;
$$;

comment on function tollgate.linked_user(text, text, text) is 'The user of an id at a processor.';
