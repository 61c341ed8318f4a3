-- Called by add_notes and attach_notes: locks the notes without a user that name one of these ids, until the transaction
-- ends. Each id is locked alone, so events of different customers do not wait for each other.
-- Locks: the ids (advisory), in one order.
create or replace function tollgate.lock_notes(p_processor text, p_ids text[]) returns void
language plpgsql set search_path = ''
as $$
declare
  v_key bigint;
begin
  for v_key in
    select distinct pg_catalog.hashtextextended('tollgate.notes_without_user/' || p_processor || '/' || i.id, 0)
    from unnest(p_ids) as i (id)
    where i.id is not null
    order by 1
  loop
    perform pg_catalog.pg_advisory_xact_lock(v_key);
  end loop;
end;
$$;

comment on function tollgate.lock_notes(text, text[]) is 'Locks the notes without a user that name one of these ids.';
