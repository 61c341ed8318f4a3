-- Called by a job before its pages: the walk that is under way, or a new one. A new one begins p_every_seconds after the
-- start of the last one; until then "due" is false.
create or replace function tollgate.begin_walk(p_job text, p_part text, p_every_seconds integer default 0) returns jsonb
language sql set search_path = ''
as $$
  insert into tollgate.job_positions as w (job, part, begun_at) values (p_job, p_part, clock_timestamp())
  on conflict (job, part) do update
  set walk = w.walk + 1, pages = 0, position = null, totals = '{}', begun_at = excluded.begun_at, finished_at = null,
    updated_at = excluded.begun_at
  where w.finished_at is not null and w.begun_at <= excluded.begun_at - make_interval(secs => p_every_seconds);
  select jsonb_build_object('due', w.finished_at is null, 'walk', w.walk, 'pages', w.pages, 'position', w.position,
    'totals', w.totals, 'last_totals', w.last_totals, 'begun_at', tollgate.instant_text(w.begun_at))
  from tollgate.job_positions w
  where w.job = p_job and w.part = p_part;
$$;

comment on function tollgate.begin_walk(text, text, integer) is 'Begins or continues a job''s walk.';
