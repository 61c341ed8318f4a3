create table tollgate.users (
  -- A Clerk id, a Supabase uuid or a local id; opaque, compared byte by byte.
  user_id text primary key check (user_id ~ '^[^[:cntrl:]]{1,255}$'),
  email text,
  name text,
  created_at timestamptz not null default now()
);
comment on table tollgate.users is 'The billed users.';

insert into tollgate.table_rights (table_name, app, users) values
  ('users', 'select, insert, update, delete', 'own');
