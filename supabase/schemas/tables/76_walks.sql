-- The position of each walk over many rows: a job reads one page, stores the position, and a later run continues there.
create table tollgate.job_positions (
  job text not null,
  part text not null,
  -- Raised when a walk begins. With pages it shows whether another run has advanced the walk meanwhile.
  walk bigint not null default 1,
  pages bigint not null default 0,
  -- The key after which the next page begins; null: the first page, or the walk is over.
  position jsonb,
  -- Counts of this walk, and of the last complete one.
  totals jsonb not null default '{}',
  last_totals jsonb,
  begun_at timestamptz not null,
  -- null: the walk is under way.
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (job, part)
) with (fillfactor = 50);
comment on table tollgate.job_positions is 'Positions of jobs that walk over many rows, and their counts.';

-- Results of walks that the metrics and /admin read.
create table tollgate.figures (
  name text primary key,
  value jsonb not null,
  measured_at timestamptz not null
);
comment on table tollgate.figures is 'Figures of the whole deployment, measured page by page.';

insert into tollgate.table_rights (table_name, app, users) values
  ('job_positions', 'select, insert, update, delete', null),
  ('figures', 'select, insert, update, delete', null);
