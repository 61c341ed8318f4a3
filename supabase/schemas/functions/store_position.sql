-- Called by a job after each page. A p_position of null ends the walk. Returns false and stores nothing if another run has
-- advanced the walk since p_pages.
create or replace function tollgate.store_position(
  p_job text,
  p_part text,
  p_walk bigint,
  p_pages bigint,
  p_position jsonb,
  p_totals jsonb
) returns jsonb
language plpgsql set search_path = ''
as $$
begin
  update tollgate.job_positions w
  set pages = w.pages + 1, position = p_position, totals = p_totals, updated_at = clock_timestamp(),
    finished_at = case when p_position is null then clock_timestamp() end,
    last_totals = case when p_position is null then p_totals else w.last_totals end
  where w.job = p_job and w.part = p_part and w.walk = p_walk and w.pages = p_pages and w.finished_at is null;
  return to_jsonb(found);
end;
$$;

comment on function tollgate.store_position(text, text, bigint, bigint, jsonb, jsonb) is 'Stores the position of a job''s walk.';
